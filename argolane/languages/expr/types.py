"""Types as expr-lang's compiler knows them, named as Go names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Type:
    """`name` is Go's; `element` is the type of a list's items."""

    name: str
    element: Type | None = None

    def __str__(self) -> str:
        return "unknown" if self.name == "nil" else self.name

    @property
    def unknown(self) -> bool:
        """Known only when it runs."""
        return self.name in ("unknown", "interface {}")

    @property
    def number(self) -> bool:
        return self.name in ("int", "float64")

    @property
    def go_kind(self) -> str:
        return "list" if self.element is not None else self.name


UNKNOWN, ANY, NIL = Type("unknown"), Type("interface {}"), Type("nil")
INT, FLOAT, STRING, BOOL = Type("int"), Type("float64"), Type("string"), Type("bool")
GROUPS = Type("map[interface {}][]interface {}")
MAP, FUNCTION = Type("map[string]interface {}"), Type("func(interface {}) interface {}")
ARRAY = Type("[]interface {}", ANY)
TEXTS = Type("[]string", STRING)


def assignable(one: Type, other: Type) -> bool:
    """Whether Go would let a value of type `one` stand where `other` is asked for."""
    if UNKNOWN in (one, other) or one == NIL:
        return False
    return other == ANY or one.name == other.name


def array_of(element: Type) -> Type:
    """A list expr-lang made: []interface {} by name, with what it knows of the items."""
    return Type("[]interface {}", element)


def type_of(value: Any) -> Type:
    """The type of a value in scope."""
    if value is None:
        return NIL
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT
    if isinstance(value, float):
        return FLOAT
    if isinstance(value, str):
        return STRING
    if isinstance(value, dict):
        return MAP
    return ARRAY if isinstance(value, list) else FUNCTION
