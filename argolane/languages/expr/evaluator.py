"""The tree of an expression and its names in, the value out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from argolane.languages.expr import nodes as n
from argolane.languages.expr.checker import check
from argolane.languages.expr.errors import ExprError, ExprUnsupported, Fault, located
from argolane.languages.expr.functions import FUNCTIONS, REFUSED
from argolane.languages.expr.jsonpath import query
from argolane.languages.expr.numbers import as_float, as_int
from argolane.languages.expr.operators import OPERATIONS
from argolane.languages.expr.optimiser import optimised
from argolane.languages.expr.parser import parse
from argolane.languages.expr.predicates import PREDICATES
from argolane.languages.expr.sprig import SPRIG
from argolane.languages.expr.values import (  # fmt: skip
    boolean,
    cut_to_64,
    is_number,
    looked_up,
    part_of,
    sequence,
    text,
    type_name,
    whole,
)
from argolane.languages.gotext import NilList, text_of, to_json

# What Argo adds to every expression.
ARGO: dict[str, Any] = {
    "asInt": as_int,
    "asFloat": as_float,
    "jsonpath": query,
    "toJson": to_json,
    "sprig": SPRIG,
}


def run(source: str, env: Mapping[str, Any]) -> Any:
    """The value of `source`; ExprError with the place in it where it failed."""
    names = {**env, **ARGO}
    check(source, parse(source), names)
    evaluation = _Evaluation(source, names)
    try:
        return evaluation.value(optimised(source))
    except RecursionError:
        raise ExprError("the expression is nested too deeply") from None


class _Evaluation:
    def __init__(self, source: str, names: Mapping[str, Any]) -> None:
        self.source, self.names = source, dict(names)
        self.pointers: list[dict[str, Any]] = []

    def value(self, node: n.Node) -> Any:
        try:
            return getattr(self, "_" + type(node).__name__.lower())(node)
        except Fault as fault:
            raise ExprError(located(self.source, node.at, str(fault))) from None

    def _literal(self, node: n.Literal) -> Any:
        return node.value

    def _name(self, node: n.Name) -> Any:
        return self.names.get(node.name)

    def _pointer(self, node: n.Pointer) -> Any:
        if node.name not in self.pointers[-1]:
            raise Fault(f"unknown pointer #{node.name}")
        return self.pointers[-1][node.name]

    def _unary(self, node: n.Unary) -> Any:
        operand = self.value(node.operand)
        if node.operator in ("not", "!"):
            return not boolean(operand)
        if node.operator == "+":
            return operand
        if not is_number(operand):
            raise Fault(f"invalid operation: - {type_name(operand)}")
        return cut_to_64(-operand)

    def _binary(self, node: n.Binary) -> Any:
        left = self.value(node.left)
        if node.operator in ("and", "&&"):
            return self.value(node.right) if boolean(left) else False
        if node.operator in ("or", "||"):
            return True if boolean(left) else self.value(node.right)
        if node.operator == "??":
            return self.value(node.right) if left is None or isinstance(left, NilList) else left
        right = self.value(node.right)
        operation = OPERATIONS.get(node.operator)
        if operation is None:
            raise Fault(f"unknown operator ({node.operator})")
        return operation(left, right)

    def _member(self, node: n.Member) -> Any:
        of = self.value(node.of)
        if node.optional and of is None:
            raise _Ended
        return fetch(of, self.value(node.key))

    def _chain(self, node: n.Chain) -> Any:
        try:
            return self.value(node.inner)
        except _Ended:
            return None

    def _slice(self, node: n.Slice) -> Any:
        of = self.value(node.of)
        raw = of.encode() if isinstance(of, str) else of
        end = self.value(node.end) if node.end else None
        start = self.value(node.start) if node.start else 0
        if not isinstance(raw, (bytes, list)):
            has_length = isinstance(of, dict)
            if not node.end and not has_length:
                raise Fault(f"invalid argument for len (type {type_name(of)})")
            raise Fault(f"cannot slice {text_of(start)}")
        size = len(raw)
        start, end = whole(start), whole(end) if node.end else size
        start = max(start + size if start < 0 else start, 0)
        end = min(max(end + size if end < 0 else end, 0), size)
        if isinstance(raw, list):
            return part_of(raw, min(start, end), end)
        return raw[min(start, end) : end].decode(errors="replace")

    def _call(self, node: n.Call) -> Any:
        given = [self.value(argument) for argument in node.arguments]
        function = self.value(node.callee)
        if function is None:
            raise Fault("invalid operation: cannot call nil")
        if not callable(function):
            raise Fault(f"invalid operation: cannot call non-function of type {type_name(function)}")
        return _applied(function, given)

    def _builtin(self, node: n.Builtin) -> Any:
        if node.name in REFUSED:
            raise ExprUnsupported(f"The function '{node.name}' of expr is not supported here.")
        if node.name in PREDICATES:
            items = sequence(self.value(node.arguments[0]))
            body = node.arguments[1] if len(node.arguments) > 1 else None
            more = [self.value(extra) for extra in node.arguments[2:]]
            return PREDICATES[node.name](items, self._asking(body), *more)
        return _applied(FUNCTIONS[node.name], [self.value(argument) for argument in node.arguments])

    def _asking(self, node: n.Node | None) -> Callable[..., Any]:
        def call(item: Any, index: int = 0, **more: Any) -> Any:
            if node is None:
                return item
            self.pointers.append({"": item, "index": index, **more})
            try:
                return self.value(node)
            finally:
                self.pointers.pop()

        return call

    def _predicate(self, node: n.Predicate) -> Any:
        return self.value(node.body)

    def _conditional(self, node: n.Conditional) -> Any:
        return self.value(node.then if boolean(self.value(node.condition)) else node.otherwise)

    def _let(self, node: n.Let) -> Any:
        outer = self.names
        self.names = {**outer, node.name: self.value(node.value)}
        try:
            return self.value(node.body)
        finally:
            self.names = outer

    def _sequence(self, node: n.Sequence) -> Any:
        return [self.value(part) for part in node.parts][-1]

    def _array(self, node: n.Array) -> Any:
        return [self.value(item) for item in node.items]

    def _map(self, node: n.Map) -> Any:
        return {text(self.value(key)): self.value(value) for key, value in node.pairs}


def _applied(function: Callable[..., Any], given: list[Any]) -> Any:
    try:
        return function(*given)
    except TypeError as error:
        raise Fault(f"wrong arguments: {error}") from None
    except (ValueError, OverflowError, ArithmeticError) as error:
        raise Fault(str(error)) from None


class _Ended(Exception):
    """A `?.` met nil."""


def fetch(of: Any, key: Any) -> Any:
    """of[key] or of.key; a map without the key gives nil, a list counts from its end for negatives."""
    if isinstance(of, dict):
        return looked_up(of, key)[1]
    if isinstance(of, (list, str)):
        items: Any = of.encode() if isinstance(of, str) else of
        index = whole(key)
        if not -len(items) <= index < len(items):
            raise Fault(f"index out of range: {index} (array length is {len(items)})")
        return items[index]
    raise Fault(f"cannot fetch {text_of(key)} from {type_name(of)}")
