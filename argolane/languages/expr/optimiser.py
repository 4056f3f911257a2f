"""An expression in, its tree as it runs out: what expr-lang's optimiser does, where that can be told."""

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from argolane.languages.expr import nodes as n
from argolane.languages.expr.errors import ExprError, Fault, located
from argolane.languages.expr.operators import OPERATIONS
from argolane.languages.expr.parser import parse
from argolane.languages.expr.values import cut_to_64, is_number


class _Unknown:
    """The value of what is no constant."""


_UNKNOWN = _Unknown()
# What is `or true` is true, whatever stands on the other side.
_DECIDED = {"or": True, "||": True, "and": False, "&&": False}


@lru_cache(maxsize=1024)
def optimised(source: str) -> n.Node:
    """The tree of `source`; ExprError for a division of constants by zero, be it reached or not."""
    return _optimised(source, parse(source))


def _optimised(source: str, node: n.Node) -> n.Node:
    made = n.rebuilt(node, partial(_optimised, source))
    if isinstance(made, n.Binary) and isinstance(node, n.Binary) and node.operator == "in":
        texts = _texts(node.right)  # as they are written: 'a' + 'b' is none
        return replace(made, right=n.Literal(made.right.at, dict.fromkeys(texts))) if texts else made
    if isinstance(made, n.Builtin) and made.name == "sum" and len(made.arguments) == 1:
        return _sum(made, made.arguments[0])
    value: Any = _UNKNOWN
    if isinstance(made, n.Unary):
        value = _unary(made.operator, _constant(made.operand))
    elif isinstance(made, n.Binary):
        left, right = _constant(made.left), _constant(made.right)
        if made.operator == "%" and type(left) is type(right) is int and right == 0:
            raise ExprError(located(source, made.at, "integer divide by zero"))
        value = _binary(made.operator, left, right)
    return made if value is _UNKNOWN else n.Literal(made.at, value)


def _texts(node: n.Node) -> list[str]:
    """The items of a list of texts only: a map of them is made, to look one up."""
    items = node.items if isinstance(node, n.Array) else ()
    texts = [item.value for item in items if isinstance(item, n.Literal) and isinstance(item.value, str)]
    return texts if len(texts) == len(items) else []


def _sum(node: n.Builtin, summed: n.Node) -> n.Node:
    """Additions for the sum of a list that is written out, unless that is all constant."""
    if not isinstance(summed, n.Array) or len(summed.items) < 2:
        return node
    if _UNKNOWN not in map(_constant, summed.items):
        return node
    *before, total = summed.items
    for item in reversed(before[1:]):
        total = n.Binary(0, "+", item, total)
    return n.Binary(node.at, "+", before[0], total)


def _constant(node: n.Node) -> Any:
    """The value of a number, a text or a bool that is written out."""
    if isinstance(node, n.Literal) and isinstance(node.value, int | float | str):
        return node.value
    return _UNKNOWN


def _unary(operator: str, operand: Any) -> Any:
    if operator in ("not", "!"):
        return not operand if isinstance(operand, bool) else _UNKNOWN
    if not is_number(operand):
        return _UNKNOWN
    return cut_to_64(-operand) if operator == "-" else operand


def _binary(operator: str, left: Any, right: Any) -> Any:
    if operator in _DECIDED:
        decided = _DECIDED[operator]
        if left is decided or right is decided:
            return decided
        return right if left is right is (not decided) else _UNKNOWN
    numbers = is_number(left) and is_number(right)
    texts = isinstance(left, str) and isinstance(right, str)
    if (numbers and operator in ("+", "-", "*", "/", "%", "**", "^")) or (texts and operator == "+"):
        try:
            return OPERATIONS[operator](left, right)
        except Fault:
            return _UNKNOWN
    if operator == "==" and type(left) is type(right) and isinstance(left, int | str):
        return left == right
    return _UNKNOWN
