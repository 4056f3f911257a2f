"""The pieces of a parsed expression: `at` is a piece's place in the source, for messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    at: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: Any


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Pointer(Node):
    """`#`, `#acc`, `#index`: what a predicate looks at."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Member(Node):
    of: Node
    key: Node
    optional: bool


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """The reach of a `?.`: None as soon as one link is None."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Slice(Node):
    of: Node
    start: Node | None
    end: Node | None


@dataclass(frozen=True, slots=True)
class Call(Node):
    callee: Node
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Builtin(Node):
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Predicate(Node):
    body: Node


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Let(Node):
    name: str
    value: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Array(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Map(Node):
    pairs: tuple[tuple[Node, Node], ...]


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """`node` with each node directly below it as `change` makes it."""

    def changed(part: Any) -> Any:
        if isinstance(part, Node):
            return change(part)
        return tuple(map(changed, part)) if isinstance(part, tuple) else part

    return replace(node, **{field.name: changed(getattr(node, field.name)) for field in fields(node)})


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Unary(operand=one) | Chain(inner=one) | Predicate(body=one):
            return (one,)
        case Binary(left=left, right=right):
            return (left, right)
        case Member(of=of, key=key):
            return (of, key)
        case Slice(of=of, start=start, end=end):
            return tuple(part for part in (of, start, end) if part is not None)
        case Call(callee=callee, arguments=arguments):
            return (callee, *arguments)
        case Builtin(arguments=arguments):
            return arguments
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Let(value=value, body=body):
            return (value, body)
        case Sequence(parts=several) | Array(items=several):
            return several
        case Map(pairs=pairs):
            return tuple(part for pair in pairs for part in pair)
        case _:
            return ()
