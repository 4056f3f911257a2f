"""jq's values: how they are ordered, written, indexed and combined, and what gojq says of the rest.

Numbers of the object are floats and those of a program may be integers, as in gojq; whole floats are written
without a point. Compare: github.com/itchyny/gojq, func.go and operator.go.
"""

import json
import math
from typing import Any

from argolane.languages.gotext import number_json
from argolane.languages.values import COMPARE

_TYPES: dict[type, str] = {
    type(None): "null", bool: "boolean", int: "number", float: "number", str: "string",
    list: "array", dict: "object",
}  # fmt: skip
_ENDS: dict[type, str] = {str: ' ..."', list: " ...]", dict: " ...}"}
_SHOWN = 30  # bytes of a value in an error
_INTS = (-(2**63), 2**63 - 1)


class JqError(Exception):
    """The program is none, or it failed on the object, in gojq's words; `value` is what `catch` gets."""

    def __init__(self, message: str, value: Any = None) -> None:
        super().__init__(message)
        self.value = message if value is None else value


class NotRunLocally(JqError):
    """It is jq, but none that is run here."""


def floats(value: Any) -> Any:
    """An object as Go reads it: every number a float."""
    if isinstance(value, dict):
        return {key: floats(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [floats(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def type_of(value: Any) -> str:
    return _TYPES[type(value)]


def is_number(value: Any) -> bool:
    return type(value) in (int, float)


def true(value: Any) -> bool:
    return value is not None and value is not False


def to_int(value: float) -> int:
    """A number without its fraction, within 64 bits; what is no number is the least."""
    if not math.isfinite(value):
        return _INTS[value > 0]
    return min(max(int(value), _INTS[0]), _INTS[1])


def encode(value: Any) -> str:
    """As `tojson`: sorted keys, no blanks, nothing escaped that need not be."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode(key)}:{encode(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    if isinstance(value, float):
        if math.isnan(value):
            return "null"
        return number_json(min(max(value, -1.7976931348623157e308), 1.7976931348623157e308))
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def tostring(value: Any) -> str:
    return value if isinstance(value, str) else encode(value)


def preview(value: Any) -> str:
    """The beginning of a value, for an error."""
    shown = encode(value).encode(errors="replace")[: _SHOWN + 2]
    if len(shown) > _SHOWN:
        end = _ENDS.get(type(value), " ...")
        text = shown.decode(errors="ignore")
        while len(text.encode()) > _SHOWN - len(end):
            text = text[:-1]
        return text + end
    return shown.decode()


def described(value: Any) -> str:
    """`null`, `number (3)`, `string ("x")`."""
    return "null" if value is None else f"{type_of(value)} ({preview(value)})"


def wrong(name: str, value: Any, *given: Any) -> JqError:
    shown = f"({'; '.join(map(preview, given))})" if given else ""
    return JqError(f"{name}{shown} cannot be applied to: {described(value)}")


def order(value: Any) -> tuple[Any, ...]:
    """What jq sorts by: null, false, true, numbers, texts, arrays, objects."""
    if isinstance(value, list):
        return (5, [order(part) for part in value])
    if isinstance(value, dict):
        names = sorted(value)
        return (6, names, [order(value[name]) for name in names])
    if value is None or isinstance(value, bool):
        return (0 if value is None else 1 + value,)
    return (4 if isinstance(value, str) else 3, value)


def index(value: Any, key: Any) -> Any:
    """`.a`, `.[0]`, `.["a"]`, `.[[1]]`: the places of a part."""
    if isinstance(key, dict):
        for side in ("start", "end"):
            if value is not None and side not in key:
                raise JqError(f'expected "start" and "end" for slicing but got: {described(key)}')
        return None if value is None else cut(value, key["start"], key["end"])
    if isinstance(key, (str, list)) or is_number(key):
        if value is None:
            return None
        if isinstance(key, str) and isinstance(value, dict):
            return value.get(key)
        if isinstance(key, list) and isinstance(value, list):
            return places(value, key)
        if is_number(key) and isinstance(value, (str, list)):
            at = to_int(key)
            return value[at] if -len(value) <= at < len(value) else None
        raise JqError(
            f"expected an {'object' if isinstance(key, str) else 'array'} but got: {described(value)}"
        )
    kinds: dict[type, str] = {list: "a number for indexing an array", str: "a number for indexing a string"}
    raise JqError(f"expected {kinds.get(type(value), 'a string for object key')} but got: {described(key)}")


def places(value: list[Any], part: list[Any]) -> list[int]:
    """Where a part begins in an array."""
    last = len(value) - len(part)
    return [i for i in range(last + 1) if order(value[i : i + len(part)]) == order(part)] if part else []


def cut(value: Any, start: Any, end: Any) -> Any:
    """`.[start:end]`; None is an open side."""
    if value is None:
        return None
    if not isinstance(value, (str, list)):
        raise JqError(f"expected an array but got: {described(value)}")
    for side in (start, end):
        if side is not None and not is_number(side):
            kind = "an array" if isinstance(value, list) else "a string"
            raise JqError(f"expected a number for indexing {kind} but got: {described(side)}")
    return value[None if start is None else to_int(start) : None if end is None else to_int(end)]


def operate(operator: str, a: Any, b: Any) -> Any:
    """`a operator b` for comparisons and arithmetic."""
    if operator in COMPARE:
        return COMPARE[operator](order(a), order(b))
    if operator == "+" and (a is None or b is None):
        return b if a is None else a
    if is_number(a) and is_number(b):
        return _calculate(operator, a, b)
    kinds = (type(a), type(b))
    if operator == "+" and kinds in ((str, str), (list, list)):
        return a + b
    if operator == "+" and kinds == (dict, dict):
        return {**a, **b}
    if operator == "*" and kinds == (dict, dict):
        return _merged(a, b)
    if operator == "*" and (isinstance(a, str) and is_number(b)):
        return _repeated(a, b)
    if operator == "*" and (isinstance(b, str) and is_number(a)):
        return _repeated(b, a)
    if operator == "-" and kinds == (list, list):
        out = [order(value) for value in b]
        return [value for value in a if order(value) not in out]
    if operator == "/" and kinds == (str, str):
        return split(a, b) if a else []
    words = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
    raise JqError(f"cannot {words[operator]}: {described(a)} and {described(b)}")


def _calculate(operator: str, a: float, b: float) -> float:
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b
    if operator == "*":
        return a * b
    whole = isinstance(a, int) and isinstance(b, int)
    if operator == "/":
        if b == 0:
            raise JqError(f"cannot divide {described(a)} by: {described(b)}")
        return a // b if whole and a % b == 0 else a / b
    top, bottom = to_int(a), to_int(b)
    if bottom == 0:
        raise JqError(f"cannot modulo {described(a)} by: {described(b)}")
    if math.isnan(a) or math.isnan(b):
        return math.nan
    rest = abs(top) % abs(bottom)
    return rest if top >= 0 else -rest


def _merged(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    both = {k: _merged(a[k], v) for k, v in b.items() if isinstance(v, dict) and isinstance(a.get(k), dict)}
    return {**a, **b, **both}


def _repeated(text: str, times: float) -> str | None:
    if times < 0 or math.isnan(times) or (text and times > 0x10000000 // len(text.encode())):
        return None
    return text * int(times) if text else ""


def split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)
