"""expr-lang's functions of numbers: conversions, rounding, extremes and means, bits."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from argolane.languages.expr.errors import Fault
from argolane.languages.expr.values import cut_to_64, is_number, type_name, whole

_INTEGER = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(
    r"[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|infinity)|nan", re.I
)


def as_int(value: Any) -> int:
    """int() of expr and asInt() of Argo: a number or the text of a whole one."""
    if is_number(value):
        return whole(value)
    if isinstance(value, str):
        if _INTEGER.fullmatch(value) and -(1 << 63) <= int(value) < 1 << 63:
            return int(value)
        raise Fault(f"invalid operation: int({value})")
    if value is None:
        raise Fault("reflect: call of reflect.Value.Type on zero Value")
    raise Fault(f"invalid operation: int({type_name(value)})")


def as_float(value: Any) -> float:
    """float() of expr and asFloat() of Argo."""
    if is_number(value):
        return float(value)
    if isinstance(value, str):
        if _FLOAT.fullmatch(value):
            return float(value)
        raise Fault(f"invalid operation: float({value})")
    raise Fault(f"invalid operation: float({type_name(value)})")


def of_number(name: str, apply: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def function(value: Any) -> Any:
        if not is_number(value):
            raise Fault(f"invalid argument for {name} (type {type_name(value)})")
        return apply(value)

    return function


def integral(rounded: Callable[[float], int], value: float) -> float:
    """`value` rounded, but an infinity stays one."""
    return float(rounded(value)) if math.isfinite(value) else value


def half_away(value: float) -> float:
    """Half away from zero, unlike Python."""
    return math.copysign(integral(math.floor, abs(value) + 0.5), value)


def _flat(name: str, values: Sequence[Any]) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if isinstance(value, list):
            if not value and name in ("min", "max"):
                raise Fault(f"invalid argument for {name} (type <nil>)")
            out += _flat(name, value)
        elif is_number(value):
            out.append(value)
        else:
            raise Fault(f"invalid argument for {name} (type {type_name(value)})")
    return out


def extreme(name: str, choose: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    def function(*values: Any) -> Any:
        if len(values) == 1 and not isinstance(values[0], list):
            return values[0]
        if values == ([],):
            return None
        return choose(_flat(name, values[0] if len(values) == 1 else values))

    return function


def mean(*values: Any) -> float:
    numbers = _flat("mean", values)
    return sum(numbers) / len(numbers) if numbers else 0.0


def median(*values: Any) -> float:
    numbers = _flat("median", values)
    middle = sorted(numbers)[(len(numbers) - 1) // 2 : len(numbers) // 2 + 1]
    return sum(middle) / len(middle) if middle else 0.0


def bits(name: str, apply: Callable[[int, int], int]) -> Callable[[Any, Any], int]:
    def function(left: Any, right: Any) -> int:
        if not (isinstance(left, int) and isinstance(right, int)):
            raise Fault(f"cannot use {type_name(left)} as argument of {name}")
        if "sh" in name and right < 0:
            raise Fault(f"invalid operation: negative shift count {right} (type int)")
        return int(cut_to_64(apply(left, right)))

    return function
