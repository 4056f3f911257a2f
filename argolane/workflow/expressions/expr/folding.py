"""The tree of an expression in, what expr-lang's optimiser makes of its constants out."""

from typing import Any

from argolane.workflow.expressions.expr import nodes as n
from argolane.workflow.expressions.expr.errors import ExprError, Fault, located
from argolane.workflow.expressions.expr.operators import OPERATIONS
from argolane.workflow.expressions.expr.values import cut_to_64, is_number


class _Unknown:
    """The value of what is no constant."""


UNKNOWN = _Unknown()
# What is `or true` is true, whatever stands on the other side.
_DECIDED = {"or": True, "||": True, "and": False, "&&": False}


def check(source: str, tree: n.Node) -> None:
    """ExprError for a division of constants by zero, be it reached or not."""
    for child in n.children(tree):
        check(source, child)
    if isinstance(tree, n.Binary) and tree.operator == "%":
        over, under = constant(tree.left), constant(tree.right)
        if type(over) is int and type(under) is int and under == 0:
            raise ExprError(located(source, tree.at, "integer divide by zero"))


def constant(node: n.Node) -> Any:
    """The value of `node` if it has one before it runs: a number, a text or a bool."""
    if isinstance(node, n.Literal) and node.value is not None:
        return node.value
    if isinstance(node, n.Unary):
        return _unary(node.operator, constant(node.operand))
    if isinstance(node, n.Binary):
        return _binary(node.operator, constant(node.left), constant(node.right))
    return UNKNOWN


def _unary(operator: str, operand: Any) -> Any:
    if operator in ("not", "!"):
        return not operand if isinstance(operand, bool) else UNKNOWN
    if not is_number(operand):
        return UNKNOWN
    return cut_to_64(-operand) if operator == "-" else operand


def _binary(operator: str, left: Any, right: Any) -> Any:
    if operator in _DECIDED:
        decided = _DECIDED[operator]
        if left is (not decided):
            return right
        if right is (not decided):
            return left
        return decided if decided in (left, right) and isinstance(left, bool | _Unknown) else UNKNOWN
    numbers = is_number(left) and is_number(right)
    texts = isinstance(left, str) and isinstance(right, str)
    if (numbers and operator in ["+", "-", "*", "/", "%", "**", "^"]) or (texts and operator == "+"):
        try:
            return OPERATIONS[operator](left, right)
        except Fault:
            return UNKNOWN
    if operator == "==" and type(left) is type(right) and isinstance(left, int | str):
        return left == right
    return UNKNOWN
