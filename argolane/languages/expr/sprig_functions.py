"""sprig's functions of texts and patterns that take more than a line; `sprig` lists them by name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Any

from argolane.languages.expr.errors import ExprUnsupported, Fault
from argolane.languages.expr.functions import from_json
from argolane.languages.expr.values import Strings, is_number  # fmt: skip
from argolane.languages.gotext import NilList, quote, text_of
from argolane.languages.regex import Match, Pattern, PatternError, compile_pattern


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


def compiled(pattern: str) -> Pattern:
    try:
        return compile_pattern(pattern)
    except PatternError as error:
        plain = "`" not in pattern and (pattern.replace("\t", "").isprintable() or not pattern)
        shown = f"`{pattern}`" if plain else f'"{quote(pattern)}"'
        raise Fault(f"regexp: Compile({shown}): {error}") from None


def matches(pattern: str, text: str) -> bool:
    try:
        return compile_pattern(pattern).matches(text)
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


def go_replacement(template: str) -> Callable[[Match], str]:
    def expand(match: Match) -> str:
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
    found = compiled(pattern).find_all(text)
    return Strings(found if most < 0 else found[:most]) or NilList("[]string")


def regex_split(pattern: str, text: str, most: int) -> list[str]:
    found = compiled(pattern)
    return Strings(found.split(text, most)) if most else NilList("[]string")


def abbrev(width: int, text: str) -> str:
    raw = text.encode()
    if width < 4 or len(raw) <= width:
        return text
    return raw[: width - 3].decode(errors="replace") + "..."


def fail(message: str) -> Any:
    raise Fault(message)


def quoted(*values: Any) -> str:
    return " ".join(f'"{quote(text_of(value))}"' for value in values if value is not None)


def json_or_nil(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return None


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
