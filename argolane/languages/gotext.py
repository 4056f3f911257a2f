"""Python values in, the text Go would write out: numbers, quoted strings, JSON.

Argo's substitution and its messages are made by Go's formatters; every number that becomes text in a
workflow passes through here. Compare: encoding/json, strconv.Quote, fmt's %v.
"""

import json
import math
import re
from typing import Any

_SHORT = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_SPECIAL = re.compile(r'["\\]|[^ -~]')
_LINES = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})
_HTML = _LINES | str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def quote(text: str) -> str:
    """strconv.Quote without the surrounding quotes: legal JSON but for control characters."""
    return _SPECIAL.sub(_quoted, text)


def _quoted(match: re.Match[str]) -> str:
    char = match[0]
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _digits(number: float) -> tuple[str, int]:
    """Shortest digits d1d2... and the exponent e of d1.d2... x 10^e."""
    mantissa, _, exponent = f"{number!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole) + len(fraction) - len(digits)
    point = len(whole) - leading + (int(exponent) if exponent else 0)
    return digits.rstrip("0") or "0", point - 1


def _scientific(digits: str, exponent: int, *, width: int) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    sign = "-" if exponent < 0 else "+"
    return f"{digits[0]}{fraction}e{sign}{abs(exponent):0{width}d}"


def _fixed(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits.ljust(exponent + 1, "0")
    rest = whole[exponent + 1 :]
    return whole[: exponent + 1] + (f".{rest}" if rest else "")


def _special(number: float) -> str | None:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    if number == 0:
        return "-0" if math.copysign(1, number) < 0 else "0"
    return None


def number_text(number: float) -> str:
    """A float as %v prints it: 1e+06 and beyond, and below 1e-04, with an exponent."""
    special = _special(number)
    if special is not None:
        return special
    sign = "-" if number < 0 else ""
    digits, exponent = _digits(abs(number))
    if not -4 <= exponent < 6:
        return sign + _scientific(digits, exponent, width=2)
    return sign + _fixed(digits, exponent)


def number_plain(number: float) -> str:
    """A float without an exponent, whatever its size: what an unquoted YAML number becomes as a parameter."""
    special = _special(number)
    if special is not None:
        return special
    return ("-" if number < 0 else "") + _fixed(*_digits(abs(number)))


def number_json(number: float) -> str:
    """A float as encoding/json writes it; ValueError for NaN and infinities, which JSON lacks."""
    special = _special(number)
    if special is not None:
        if special.strip("-") == "0":
            return special
        raise ValueError(f"json: unsupported value: {special}")
    sign = "-" if number < 0 else ""
    digits, exponent = _digits(abs(number))
    if exponent < -6 or exponent >= 21:
        return sign + _scientific(digits, exponent, width=1 if exponent < 0 else 2)
    return sign + _fixed(digits, exponent)


class NilList(list[Any]):
    """A list that Go never made: empty, and null in JSON."""

    def __init__(self, go_type: str = "[]interface {}") -> None:
        super().__init__()
        self.go_type = go_type


class Groups(dict[Any, list[Any]]):
    """A map with keys of any type, which JSON lacks. A key is held as `(type, key)`: Go's 1 is not true."""

    go_type = "map[interface {}][]interface {}"


def to_json(value: Any, *, html: bool = True) -> str:
    """json.Marshal: sorted keys, no blanks; `<>&` escaped unless `html` is off."""
    if isinstance(value, NilList):
        return "null"
    if isinstance(value, float):
        return number_json(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).translate(_HTML if html else _LINES)
    if isinstance(value, dict):
        if isinstance(value, Groups):
            raise ValueError(f"json: unsupported type: {value.go_type}")  # noqa: TRY004
        inner = (f"{to_json(key, html=html)}:{to_json(value[key], html=html)}" for key in sorted(value))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(to_json(item, html=html) for item in value) + "]"
    try:
        return json.dumps(value)
    except TypeError as error:
        raise ValueError(f"json: unsupported type: {error}") from None


def text_of(value: Any) -> str:
    """fmt's %v of a value: <nil>, true, 1e+06, [a b], map[k:v]."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, re.Pattern):
        return str(value.pattern)
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(map(text_of, value)) + "]"
    if isinstance(value, Groups):
        return "map[" + " ".join(f"{text_of(key[1])}:{text_of(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{text_of(k)}:{text_of(value[k])}" for k in sorted(value)) + "]"
    return str(value)
