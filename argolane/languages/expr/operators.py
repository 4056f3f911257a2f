"""Two values and an operator in, the result out: arithmetic, comparison, membership and texts.

The logical operators and `??` are the evaluator's, for they may leave one side alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from argolane.languages.expr.errors import Fault
from argolane.languages.expr.values import (  # fmt: skip
    Ints,
    cut_to_64,
    equal,
    is_number,
    less,
    looked_up,
    text,
    type_name,
    unlike,
    whole,
)
from argolane.languages.regex import PatternError, compile_pattern


def add(left: Any, right: Any) -> Any:
    if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return cut_to_64(left + right)
    raise Fault(f"invalid operation: {type_name(left)} + {type_name(right)}")


def _numbers(operator: str, apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def operation(left: Any, right: Any) -> Any:
        if not (is_number(left) and is_number(right)):
            raise Fault(f"invalid operation: {type_name(left)} {operator} {type_name(right)}")
        return cut_to_64(apply(left, right))

    return operation


def _divide(left: Any, right: Any) -> float:
    if right == 0:
        return math.nan if left == 0 else math.copysign(math.inf, left)
    return float(left / right)


def _modulo(left: Any, right: Any) -> int:
    if isinstance(left, float) or isinstance(right, float):
        raise Fault(f"invalid operation: {type_name(left)} % {type_name(right)}")
    if right == 0:
        raise Fault("runtime error: integer divide by zero")
    rest = abs(left) % abs(right)
    return int(rest if left >= 0 else -rest)


def power(left: Any, right: Any) -> float:
    for value in (left, right):
        if not is_number(value):
            raise Fault(f"invalid operation: float({type_name(value)})")
    try:
        exact = math.pow(left, right)
    except OverflowError:
        exact = math.inf
    except ValueError:  # 0 to a negative power, or a root of a negative number
        exact = math.nan if left else math.inf
    if not (exact and math.isfinite(exact) and math.isfinite(right)):
        return exact
    if abs(right) == 0.5:
        return math.sqrt(left) if right > 0 else 1 / math.sqrt(left)
    return _by_squares(float(left), float(right))


def _by_squares(base: float, power: float) -> float:
    """Go's math.Pow: it rounds on the way, and so its last digit may be another one."""
    fraction, whole_power = math.modf(abs(power))
    if fraction > 0.5:
        fraction, whole_power = fraction - 1, whole_power + 1
    product, exponent = math.exp(fraction * math.log(base)) if fraction else 1.0, 0
    part, shift = math.frexp(base)
    left = int(whole_power)
    while left:
        if left & 1:
            product *= part
            exponent += shift
        part *= part
        shift <<= 1
        if part < 0.5:
            part += part
            shift -= 1
        left >>= 1
    if power < 0:
        product, exponent = 1 / product, -exponent
    return math.ldexp(product, exponent)


def _range(left: Any, right: Any) -> list[int]:
    first, last = whole(left), whole(right)
    if last - first > 1_000_000:
        raise Fault("memory budget exceeded")
    return Ints(range(first, last + 1))


def _in(left: Any, right: Any) -> bool:
    if right is None:
        return False
    if isinstance(right, dict):
        return looked_up(right, left)[0]
    if isinstance(right, list):
        return any(equal(item, left) for item in right)
    raise Fault(f'operator "in" not defined on {type_name(right)}')


def _matches(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    pattern = text(right)
    if not isinstance(left, str):
        raise unlike(left, "[]uint8")
    try:
        return compile_pattern(pattern).matches(left)
    except PatternError as error:
        raise Fault(str(error)) from None


def _texts(apply: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def operation(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return False
        return apply(text(left), text(right))

    return operation


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": less,
    ">": lambda left, right: _ordered(left, right, ">") and left > right,
    "<=": lambda left, right: _ordered(left, right, "<=") and left <= right,
    ">=": lambda left, right: _ordered(left, right, ">=") and left >= right,
    "+": add,
    "-": _numbers("-", lambda left, right: left - right),
    "*": _numbers("*", lambda left, right: left * right),
    "/": _numbers("/", _divide),
    "%": _numbers("%", _modulo),
    "**": power,
    "^": power,
    "..": _range,
    "in": _in,
    "matches": _matches,
    "contains": _texts(lambda left, right: right in left),
    "startsWith": _texts(lambda left, right: left.startswith(right)),
    "endsWith": _texts(lambda left, right: left.endswith(right)),
}


def _ordered(left: Any, right: Any, operator: str) -> bool:
    less(left, right, operator)
    return True
