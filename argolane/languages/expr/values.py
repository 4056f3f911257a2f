"""Values of an expression: Go's names of their types, equality and order, which decide what is refused.

int is Go's int, float its float64, str string, list []interface {}, dict map[string]interface {}, None nil.
Where a function gives another type of Go's, its value says so: `go_type`.
"""

from typing import Any, Self

from argolane.languages.expr.errors import Fault
from argolane.languages.gotext import Groups, NilList


class Int64(int):
    """What sprig's arithmetic gives: it runs over at 64 bits, and no parameter of type int takes it."""

    go_type = "int64"

    def __new__(cls, value: int) -> Self:
        return super().__new__(cls, cut_to_64(value))


class Ints(list[Any]):
    go_type = "[]int"


class Strings(list[Any]):
    go_type = "[]string"


class Lists(list[Any]):
    go_type = "[][]interface {}"


class StringMap(dict[str, str]):
    go_type = "map[string]string"


def type_name(value: Any) -> str:
    """What %T prints."""
    if value is None:
        return "<nil>"
    if hasattr(value, "go_type"):
        return str(value.go_type)
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


def kind_name(value: Any) -> str:
    """What reflect's Kind prints."""
    name = type_name(value)
    if name[0] == "[":
        return "slice"
    return "map" if name.startswith("map[") else "invalid" if value is None else name


def part_of(items: list[Any], start: int, end: int) -> list[Any]:
    """A slice is of its list's type."""
    if isinstance(items, NilList):
        return items
    part = items[start:end]
    return type(items)(part) if isinstance(items, (Ints, Strings, Lists)) else part


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
    raise unlike(value, "bool")


def text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise unlike(value, "string")


def unlike(value: Any, wanted: str) -> Fault:
    """What Go says where a value is taken for one of another type."""
    found = "nil" if value is None else type_name(value)
    return Fault(f"interface conversion: interface {{}} is {found}, not {wanted}")


def whole(value: Any) -> int:
    """Go's ToInt: an int, or a float cut to one; the least one where 64 bits do not hold it."""
    if is_number(value):
        return int(value) if -(2.0**63) <= value < 2.0**63 else -(1 << 63)
    raise Fault(f"invalid operation: int({type_name(value)})")


def cut_to_64(value: Any) -> Any:
    """Go's integers run over at 64 bits; a float stays as it is."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63) if isinstance(value, int) else value


def looked_up(of: dict[Any, Any], key: Any) -> tuple[bool, Any]:
    """Whether a map has `key`, and what Go gives for it: nil is the empty key, what is missing is zero."""
    zero = "" if isinstance(of, StringMap) else None
    if isinstance(of, Groups):
        if isinstance(key, (list, dict)):
            raise Fault(f"runtime error: hash of unhashable type {type_name(key)}")
        group = group_key(key)
        return group in of, of.get(group)
    if key is None:
        key = ""
    if not isinstance(key, str):
        unfit = f"value of type {type_name(key)} is not assignable to type string"
        raise Fault(f"reflect.Value.MapIndex: {unfit}")
    return key in of, of.get(key, zero)


def group_key(value: Any) -> tuple[str, Any]:
    """What a value is in a map with keys of any type."""
    if isinstance(value, (list, dict)):
        raise Fault(f"hash of unhashable type: {type_name(value)}")
    return type_name(value), value


def sequence(value: Any) -> list[Any]:
    """A list, or a text as its bytes."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return list(value.encode())
    raise Fault(f"cannot iterate over {type_name(value)}")
