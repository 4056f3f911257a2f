"""The nodes' descriptions of themselves in, the graph's description out (`/api/v1.0/metadata`)."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from argolane.serving.graph import Graph
from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.messages import Failed, Message

Ask = Callable[[Node], Awaitable[Message]]
Description = dict[str, Any]

# An empty list of inputs says something and stays; the other fields are left out when empty.
_FIELDS = (
    ("apiVersion", str), ("name", str), ("platform", str), ("versions", list), ("inputs", object),
    ("outputs", object), ("custom", dict),
)  # fmt: skip


async def describe(graph: Graph, ask: Ask) -> Description:
    """Every node is asked, parents first. Raises Failed."""
    models: dict[str, Description] = {}
    for node in graph.root.walk():
        try:
            answer = await ask(node)
        except Failed as failed:
            raise failed.without_answer() from None
        models[node.name] = _read(node, answer)
    first, last = edges(graph.root)
    return {
        "name": graph.predictor,
        "models": dict(sorted(models.items())),
        "graphinputs": models[first.name].get("inputs") if first else None,
        "graphoutputs": models[last.name].get("outputs") if last else None,
    }


def edges(node: Node) -> tuple[Node | None, Node | None]:
    """The node that takes the graph's input and the one that gives its output, along the first children."""
    if not node.children:
        return node, node
    first, last = edges(node.children[0])
    return {
        "MODEL": (node, last),
        "TRANSFORMER": (node, last),
        "OUTPUT_TRANSFORMER": (first, node),
        "COMBINER": (first, node),
        "ROUTER": (first, last),
    }.get(node.type, (None, None))


def _read(node: Node, answer: Message) -> Description:
    try:
        given = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Failed(f"The metadata of '{node.name}' is not JSON: {error}.") from None
    if not isinstance(given, Mapping):
        raise Failed(f"The metadata of '{node.name}' is {given!r}; expected an object.")
    found: Description = {}
    for name, kind in _FIELDS:
        value = given.get(name)
        if value is not None and not isinstance(value, kind):
            raise Failed(f"The metadata of '{node.name}' has {name} {value!r}; expected {kind.__name__}.")
        if value or (value is not None and kind is object):
            found[name] = value
    return found
