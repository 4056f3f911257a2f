"""An expression of `{{=...}}` in, its value out: the part of expr-lang, and of Argo's functions, people use.

Stages: lexer, parser, checker, optimiser, evaluator; `functions` holds expr-lang's own, `sprig` those
of sprig. What Argo knows and we do not is refused by name (ExprUnsupported), never guessed.
"""

from collections.abc import Mapping
from typing import Any

from argolane.languages.expr import nodes as n
from argolane.languages.expr.errors import ExprError, ExprSyntaxError, ExprUnsupported
from argolane.languages.expr.evaluator import ARGO, run
from argolane.languages.expr.functions import REFUSED
from argolane.languages.expr.parser import parse
from argolane.languages.expr.sprig import REFUSED as SPRIG_REFUSED

__all__ = ["FUNCTIONS", "ExprError", "ExprSyntaxError", "ExprUnsupported", "evaluate", "names", "refused"]

FUNCTIONS: Mapping[str, Any] = ARGO


def evaluate(text: str, env: Mapping[str, Any]) -> Any:
    """The value of `text` over `env` (name -> text, number, list or map); ExprError, ExprUnsupported."""
    return run(text, env)


def names(text: str) -> list[str]:
    """The names `text` needs, like `steps.a.outputs.result`; one behind `??` or `?.` is not needed."""
    tree = parse(text)
    guarded: set[int] = set()
    _guard(tree, guarded)
    found: dict[str, None] = {}
    _collect(tree, guarded, found)
    return list(found)


def refused(text: str) -> list[str]:
    """The functions `text` calls that Argo has and we do not."""
    found: dict[str, None] = {}
    todo = [parse(text)]
    while todo:
        node = todo.pop()
        if isinstance(node, n.Builtin) and node.name in REFUSED:
            found[node.name] = None
        if (
            isinstance(node, n.Member)
            and (path := _path(node))
            and path.removeprefix("sprig.") in SPRIG_REFUSED
        ):
            found[path] = None
        todo += n.children(node)
    return list(found)


def _guard(node: n.Node, guarded: set[int]) -> None:
    if isinstance(node, n.Binary) and node.operator == "??":
        _mark_members(node.left, guarded)
    if isinstance(node, n.Member) and node.optional and isinstance(node.of, n.Member):
        guarded.add(id(node.of))
    for child in n.children(node):
        _guard(child, guarded)


def _mark_members(node: n.Node, guarded: set[int]) -> None:
    if isinstance(node, n.Member):
        guarded.add(id(node))
    for child in n.children(node):
        _mark_members(child, guarded)


def _collect(node: n.Node, guarded: set[int], found: dict[str, None]) -> None:
    for child in n.children(node):
        _collect(child, guarded, found)
    if id(node) in guarded:
        return
    if isinstance(node, n.Name):
        found[node.name] = None
    elif isinstance(node, n.Member) and (path := _path(node)):
        found[path] = None


def _path(node: n.Node) -> str | None:
    parts: list[str] = []
    while isinstance(node, n.Member):
        if node.optional or not isinstance(node.key, n.Literal) or not isinstance(node.key.value, str):
            return None
        parts.append(node.key.value)
        node = node.of
    return ".".join([node.name, *reversed(parts)]) if isinstance(node, n.Name) else None
