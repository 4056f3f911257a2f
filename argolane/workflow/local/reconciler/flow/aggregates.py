"""The members of a loop in, the lists that a later task reads of them out."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from argolane.languages import items
from argolane.languages.gotext import to_json
from argolane.languages.values import compact, go_json_error
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.nodes.node import Node


def check_template(nodes: Sequence[Node]) -> None:
    """Argo cannot read the outputs of a loop over an inline template: it looks for the template's name."""
    if nodes and not nodes[0].template_name and not nodes[0].template_ref:
        raise OperationError("failed to get a template")


def add(scope: Scope, prefix: str, nodes: Iterable[Node]) -> None:
    """`outputs.result`, `outputs.parameters` and each parameter as JSON lists of those that succeeded."""
    members = sorted((n for n in nodes if not n.hooked and not n.retried), key=_index)
    if not members:
        return
    rows: list[dict[str, str]] = []
    columns: dict[str, list[str]] = {}
    results: list[str] = []
    for node in members:
        outputs = node.outputs
        if outputs is None or node.phase != "Succeeded":
            continue
        parameters = outputs.get("parameters") or ()
        row = {p["name"]: _text(p) for p in parameters}
        if row:
            rows.append(row)
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
        if outputs.get("result") is not None:
            results.append(_item(outputs["result"]))
    scope.set(f"{prefix}.outputs.result", "[" + ",".join(results) + "]")
    scope.set(f"{prefix}.outputs.parameters", to_json(rows))
    for name, values in columns.items():
        scope.set(f"{prefix}.outputs.parameters.{name}", _column(values))


def _text(parameter: dict[str, Any]) -> str:
    return str(parameter.get("value") if parameter.get("value") is not None else "")


def _item(text: str) -> str:
    try:
        return compact(items.load(text))
    except ValueError:
        raise OperationError(go_json_error(text)) from None


def _column(values: list[str]) -> str:
    """A list of texts; of JSON values if every one is an object or a list."""
    loaded = []
    for value in values:
        try:
            found = json.loads(value)
        except ValueError:
            return to_json(values)
        if not isinstance(found, dict | list):
            return to_json(values)
        loaded.append(found)
    return to_json(loaded)


def _index(node: Node) -> int:
    """3 of `fan(3:x)`."""
    number = node.name.rpartition("(")[2].partition(":")[0]
    return int(number) if number.isdigit() else 0
