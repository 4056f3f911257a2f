"""`memoize`: a node's outputs kept in a ConfigMap under a key, and taken from there the next time."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from argolane.languages.values import go_duration
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.types import node_type

_KEY = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")


def recall(run: RunState, call: Call, node: Node | None, template: Mapping[str, Any]) -> Node:
    """The node, Succeeded with the remembered outputs if there are any that are not too old."""
    memoize = template["memoize"]
    cache = str(((memoize.get("cache") or {}).get("configMap") or {}).get("name") or "")
    key = str(memoize.get("key") or "")
    try:
        if not _KEY.fullmatch(key):
            raise OperationError(f"invalid cache key: {key}")
        entry = run.ports.memory.load(cache, key)
        hit = entry is not None and _is_fresh(run, entry, str(memoize.get("maxAge") or ""))
        if entry is None and memoize.get("maxAge"):
            _age(str(memoize["maxAge"]))
    except OperationError as error:
        run.factory.error_node(call, error)
        raise
    if node is None:
        node = run.factory.initialize(call, node_type(template), "Pending", template=template)
    node.memoization = {"hit": hit, "key": key, "cacheName": cache}
    if hit and entry is not None:
        node.outputs = dict(entry["outputs"]) if entry.get("outputs") else None
        run.nodes.mark(node, "Succeeded")
        run.export(node.outputs)
    return node


def keep(run: RunState, node: Node) -> None:
    """Remember the outputs of a node that succeeded."""
    known = node.memoization
    if known and not known.get("hit") and node.phase == "Succeeded":
        run.ports.memory.save(known["cacheName"], known["key"], node.id, node.outputs)


def _is_fresh(run: RunState, entry: Mapping[str, Any], max_age: str) -> bool:
    if not max_age:
        return True
    made = datetime.fromisoformat(str(entry["creationTimestamp"])).timestamp()
    return run.ports.now() - made <= _age(max_age)


def _age(text: str) -> float:
    try:
        return go_duration(text)
    except ValueError as error:
        raise OperationError(f"invalid maxAge: {error}") from None
