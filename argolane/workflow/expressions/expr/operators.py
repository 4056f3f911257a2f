"""Two values and an operator in, the result out: arithmetic, comparison, membership and texts.

The logical operators and `??` are the evaluator's, for they may leave one side alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from argolane.workflow.expressions.expr.errors import Fault
from argolane.workflow.expressions.expr.values import equal, is_number, less, text, type_name, whole
from argolane.workflow.expressions.regex import PatternError, compile_pattern


def _add(left: Any, right: Any) -> Any:
    if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return left + right
    raise Fault(f"invalid operation: {type_name(left)} + {type_name(right)}")


def _numbers(operator: str, apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def operation(left: Any, right: Any) -> Any:
        if not (is_number(left) and is_number(right)):
            raise Fault(f"invalid operation: {type_name(left)} {operator} {type_name(right)}")
        return apply(left, right)

    return operation


def _divide(left: Any, right: Any) -> float:
    if right == 0:
        return math.nan if left == 0 else math.copysign(math.inf, left)
    return float(left / right)


def _modulo(left: Any, right: Any) -> int:
    if isinstance(left, float) or isinstance(right, float):
        raise Fault(f"invalid operation: {type_name(left)} % {type_name(right)}")
    if right == 0:
        raise Fault("integer divide by zero")
    return int(math.fmod(left, right)) if abs(left) < 1 << 53 else left - right * int(left / right)


def _power(left: Any, right: Any) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _range(left: Any, right: Any) -> list[int]:
    first, last = whole(left), whole(right)
    if last - first > 1_000_000:
        raise Fault("memory budget exceeded")
    return list(range(first, last + 1))


def _in(left: Any, right: Any) -> bool:
    if right is None:
        return False
    if isinstance(right, dict):
        return isinstance(left, str) and left in right
    if isinstance(right, list):
        return any(equal(item, left) for item in right)
    raise Fault(f'operator "in" not defined on {type_name(right)}')


def _matches(left: Any, right: Any) -> bool:
    try:
        return compile_pattern(text(right)).search(text(left)) is not None
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
    "+": _add,
    "-": _numbers("-", lambda left, right: left - right),
    "*": _numbers("*", lambda left, right: left * right),
    "/": _numbers("/", _divide),
    "%": _numbers("%", _modulo),
    "**": _numbers("**", _power),
    "^": _numbers("^", _power),
    "..": _range,
    "in": _in,
    "matches": _texts(_matches),
    "contains": _texts(lambda left, right: right in left),
    "startsWith": _texts(lambda left, right: left.startswith(right)),
    "endsWith": _texts(lambda left, right: left.endswith(right)),
}


def _ordered(left: Any, right: Any, operator: str) -> bool:
    less(left, right, operator)
    return True
