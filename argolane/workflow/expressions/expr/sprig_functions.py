"""The sprig functions that take more than a line; `sprig` lists them by name."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import reduce
from typing import Any

from argolane.workflow.expressions.expr.errors import ExprUnsupported, Fault
from argolane.workflow.expressions.expr.functions import from_json
from argolane.workflow.expressions.expr.operators import power
from argolane.workflow.expressions.expr.values import (
    Int64,
    Ints,
    Strings,
    cut_to_64,
    is_number,
    whole,
)  # fmt: skip
from argolane.workflow.expressions.gotext import NilList, quote, text_of
from argolane.workflow.expressions.regex import PatternError, compile_pattern


def integer(value: Any) -> int:
    """spf13/cast: what is no number counts as 0."""
    if isinstance(value, bool):
        return int(value)
    if is_number(value):
        return whole(value)
    if isinstance(value, str):
        decimal = re.fullmatch(r"([-+]?[0-9]*)(\.[0-9]*)?", value)
        digits = decimal[1] if decimal else value
        # Go reads 012 as octal.
        octal = re.fullmatch(r"([+-]?)0([0-7_]+)", digits)
        try:
            number = int(f"{octal[1]}0o{octal[2]}" if octal else digits, 0)
        except ValueError:
            return 0
        return number if number == cut_to_64(number) else 0
    return 0


def to_float(value: Any) -> float:
    try:
        return float(value) if isinstance(value, (str, int, float)) else 0.0
    except ValueError:
        return 0.0


def strings(value: Any) -> list[str]:
    if isinstance(value, list):
        return Strings(text_of(item) for item in value if item is not None)
    return Strings([] if value is None else [text_of(value)])


def empty(value: Any) -> bool:
    return value is None or value is False or (is_number(value) and value == 0) or value in ("", [], {})


def words(text: str) -> list[str]:
    # How sprig divides digits, signs and double marks depends on its version; plain words are safe.
    if not re.fullmatch(r"[A-Za-z]+([ _-][A-Za-z]+)*", text):
        raise ExprUnsupported(
            f"sprig's snakecase, kebabcase and camelcase of {text!r} are not supported here."
        )
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", text)
    return [word for word in re.split(r"[\s_\-]+", spaced) if word]


def camel(text: str) -> str:
    if re.search("[A-Z]{2}", text):
        raise ExprUnsupported(f"sprig's camelcase of {text!r} is not supported here.")
    return "".join(word[:1].upper() + word[1:] for word in words(text))


def nospace(text: str) -> str:
    # Go's library goes through the bytes as if they were characters.
    bare = re.sub(r"\s", "", text)
    return bare if bare == text else bare.encode().decode("latin-1")


def first_byte(word: str) -> str:
    return word.encode()[:1].decode("latin-1")


def divide(left: Any, right: Any) -> int:
    over, under = integer(left), integer(right)
    if under == 0:
        raise Fault("runtime error: integer divide by zero")
    return abs(over) // abs(under) * (1 if (over < 0) == (under < 0) else -1)


def round_to(value: Any, places: int, half: float = 0.5, *_: float) -> float:
    shift = power(10, places)
    scaled = to_float(value) * shift
    if not math.isfinite(scaled):
        return math.nan if math.isinf(shift) or math.isnan(scaled) else scaled
    if not shift:
        return math.nan if not scaled else math.copysign(math.inf, scaled)
    fraction = math.modf(scaled)[0]
    return (math.ceil(scaled) if fraction >= half else math.floor(scaled)) / shift


def until(start: int, stop: int, step: int) -> list[int]:
    if (stop < start and step >= 0) or (stop >= start and step <= 0):
        return Ints()
    return Ints(range(start, stop, step))


def trunc(size: int, text: str) -> str:
    raw = text.encode()
    if size < 0 and len(raw) + size > 0:
        return raw[size:].decode(errors="replace")
    return raw[:size].decode(errors="replace") if 0 <= size < len(raw) else text


def repeat(count: int, text: str) -> str:
    if count < 0:
        raise Fault("strings: negative Repeat count")
    if count * len(text) >= 1 << 63:
        raise Fault("strings: Repeat output length overflow")
    return text * count


def substr(start: int, end: int, text: str) -> str:
    raw = text.encode()
    stop = len(raw) if start >= 0 and (end < 0 or end > len(raw)) else end
    first = max(start, 0)
    if not 0 <= stop <= len(raw):
        length = f" with length {len(raw)}" if stop > 0 else ""
        raise Fault(f"runtime error: slice bounds out of range [:{stop}]{length}")
    if first > stop:
        raise Fault(f"runtime error: slice bounds out of range [{first}:{stop}]")
    return raw[first:stop].decode(errors="replace")


def decode(decoder: Callable[[str], bytes], name: str) -> Callable[[str], str]:
    def function(text: str) -> str:
        try:
            return decoder(text).decode(errors="replace")
        except ValueError:
            # sprig answers with the text of Go's error, which counts bytes in its own way.
            raise ExprUnsupported(f"sprig.{name} of {text!r}, which is not encoded so.") from None

    return function


def compiled(pattern: str) -> re.Pattern[str]:
    try:
        return compile_pattern(pattern)
    except PatternError as error:
        plain = "`" not in pattern and (pattern.replace("\t", "").isprintable() or not pattern)
        shown = f"`{pattern}`" if plain else f'"{quote(pattern)}"'
        raise Fault(f"regexp: Compile({shown}): {error}") from None


def matches(pattern: str, text: str) -> bool:
    try:
        return compile_pattern(pattern).search(text) is not None
    except PatternError:
        return False


def must(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a pattern that complains of a wrong one, where the other panics or says no."""

    def call(pattern: str, *more: Any) -> Any:
        try:
            compile_pattern(pattern)
        except PatternError as error:
            raise Fault(str(error)) from None
        return function(pattern, *more)

    return call


def go_replacement(template: str) -> Callable[[re.Match[str]], str]:
    def expand(match: re.Match[str]) -> str:
        def one(name: re.Match[str]) -> str:
            if name[0] == "$$":
                return "$"
            key = name[1] or name[2]
            try:
                return match[int(key) if key.isdigit() else key] or ""
            except IndexError:
                return ""

        return re.sub(r"\$\$|\$\{(\w+)\}|\$(\w+)", one, template)

    return expand


def find_all(pattern: str, text: str, most: int) -> list[str]:
    found = [match[0] for match in compiled(pattern).finditer(text)]
    return Strings(found if most < 0 else found[:most]) or NilList("[]string")


def regex_split(pattern: str, text: str, most: int) -> list[str]:
    """regexp.Split: an empty match at the very start divides nothing."""
    found = compiled(pattern)
    if most == 0:
        return NilList("[]string")
    if pattern and not text:
        return Strings([""])
    parts, begin, end = Strings(), 0, 0
    for match in found.finditer(text):
        if most > 0 and len(parts) == most - 1:
            break
        end = match.start()
        if match.end() != 0:
            parts.append(text[begin:end])
        begin = match.end()
    if end != len(text):
        parts.append(text[begin:])
    return parts


def exact(apply: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    """Decimal arithmetic over any number of values: 0.1 + 0.2 is 0.3."""

    def function(*values: Any) -> float:
        numbers = [_decimal(to_float(value)) for value in values]
        return float(reduce(apply, numbers, *(() if numbers else (Decimal(0),)))) + 0.0

    return function


def decimal_divided(one: Decimal, other: Decimal) -> Decimal:
    """To 16 places, as shopspring's decimals are divided."""
    if not other:
        raise Fault("decimal division by 0")
    with localcontext(prec=400):
        return (one / other).quantize(Decimal("1e-16"), ROUND_HALF_UP)


def from_octal(value: Any) -> int:
    digits = text_of(value)
    return Int64(int(digits, 8)) if re.fullmatch(r"[+-]?[0-7]+", digits) else Int64(0)


def seq(*given: int) -> str:
    """As the shell's: seq END, seq FIRST END, seq FIRST STEP END."""
    if not 0 < len(given) < 4:
        return ""
    first, end = (given[0] if len(given) > 1 else 1), given[-1]
    way = -1 if end < first else 1
    step = given[1] if len(given) == 3 else way
    if way < 0 < step:
        return ""
    return " ".join(map(str, until(first, end + way, step)))


def abbrev(width: int, text: str) -> str:
    raw = text.encode()
    if width < 4 or len(raw) <= width:
        return text
    return raw[: width - 3].decode(errors="replace") + "..."


def _decimal(number: float) -> Decimal:
    if not math.isfinite(number):
        raise Fault(f"Cannot create a Decimal from {text_of(number)}")
    return Decimal(repr(number))


def fail(message: str) -> Any:
    raise Fault(message)


def quoted(*values: Any) -> str:
    return " ".join(f'"{quote(text_of(value))}"' for value in values if value is not None)


def json_or_nil(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return None


def atoi(text: str) -> int:
    number = int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else 0
    return max(-(1 << 63), min(number, (1 << 63) - 1))


def indent(spaces: int, text: str) -> str:
    if spaces < 0:
        raise Fault("strings: negative Repeat count")
    if spaces >= 1 << 30:
        raise Fault("runtime error: makeslice: len out of range")
    pad = " " * spaces
    return pad + text.replace("\n", "\n" + pad)


def base(path: str) -> str:
    if not path:
        return "."
    return posixpath.basename(path.rstrip("/")) or "/"


def clean(path: str) -> str:
    cleaned = posixpath.normpath(path) if path else "."
    return "/" + cleaned.lstrip("/") if cleaned.startswith("//") else cleaned


def ext(path: str) -> str:
    base = path.rsplit("/", 1)[-1]
    return base[base.rfind(".") :] if "." in base else ""
