"""Values of an expression: Go's names of their types, equality and order, which decide what is refused.

int is Go's int, float its float64, str string, list []interface {}, dict map[string]interface {}, None nil.
"""

from typing import Any

from argolane.workflow.expressions.expr.errors import Fault


def type_name(value: Any) -> str:
    """What %T prints."""
    if value is None:
        return "<nil>"
    if callable(value):
        return "func"
    for kind, name in (
        (bool, "bool"),
        (int, "int"),
        (float, "float64"),
        (str, "string"),
        (dict, "map[string]interface {}"),
    ):
        if isinstance(value, kind):
            return name
    return "[]interface {}"


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def equal(left: Any, right: Any) -> bool:
    """expr's ==: numbers by value, everything else by type and value."""
    if is_number(left) and is_number(right):
        return bool(left == right)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def less(left: Any, right: Any, operator: str = "<") -> bool:
    """left < right of two numbers or two texts."""
    alike = (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
    if not alike:
        raise Fault(f"invalid operation: {type_name(left)} {operator} {type_name(right)}")
    return bool(left < right)


def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Fault(f"interface conversion: interface {{}} is {_shown(value)}, not bool")


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise Fault(f"interface conversion: interface {{}} is {_shown(value)}, not string")


def whole(value: Any) -> int:
    """Go's ToInt: an int, or a float cut to one."""
    if is_number(value):
        return int(value)
    raise Fault(f"invalid operation: int({type_name(value)})")


def sequence(value: Any) -> list[Any]:
    """A list, or a text as its bytes."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return list(value.encode())
    raise Fault(f"cannot iterate over {type_name(value)}")


def _shown(value: Any) -> str:
    return "nil" if value is None else type_name(value)
