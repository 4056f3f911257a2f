"""A task or template with tags in, the same with values out: the reconciler's way into the languages.

Errors come out as the reconciler's own: one that Argo would wait on for ever, or one that ends the node.
"""

from collections.abc import Mapping
from typing import Any

from argolane.languages import expr, when
from argolane.languages import tags as substitution
from argolane.workflow.local.reconciler.errors import OperationError, WaitsForEver

OUTPUTS = ("tasks", "steps")


def replace(tree: Any, params: Mapping[str, Any], *, strict: tuple[str, ...] | bool = False) -> Any:
    """`tree` with its tags replaced; `strict` names the roots that must have a value, True all of them."""
    roots = substitution.EVERYTHING if strict is True else strict or None
    try:
        return substitution.substitute(tree, params, strict=roots)
    except substitution.SubstitutionError as error:
        raise (WaitsForEver if error.missing else OperationError)(error.explained) from None
    except expr.ExprError as error:
        raise OperationError(str(error)) from None


def should_execute(condition: str) -> bool:
    """Whether a `when` without tags holds; an empty one does."""
    if not condition:
        return True
    try:
        return when.evaluate(condition)
    except when.WhenError as error:
        raise OperationError(str(error)) from None


def holds(expression: str, params: Mapping[str, Any]) -> bool:
    """Whether an expression over dotted names is true (hooks, retries)."""
    value = evaluate(expression, params, prefix=f"unable to evaluate expression '{expression}': ")
    if not isinstance(value, bool):
        raise OperationError(f"unable to cast expression result '{value}' to bool")
    return value


def evaluate(expression: str, params: Mapping[str, Any], *, prefix: str = "") -> Any:
    """The value of an expression over dotted names."""
    try:
        return expr.evaluate(expression, substitution.nested(params))
    except expr.ExprSyntaxError as error:
        raise OperationError(str(error)) from None
    except expr.ExprError as error:
        raise OperationError(f"{prefix}{error}") from None
