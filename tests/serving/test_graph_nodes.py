"""Nodes of a graph: what their fields stand for."""

from typing import Any

import pytest

from argolane.serving.graph_nodes import Node


def test_operators_default_is_a_model() -> None:
    """A node without type, implementation and methods is a MODEL, unless the operator has been at it."""
    graph = {"name": "a", "children": [{"name": "b", "implementation": "RANDOM_ABTEST"}]}
    assert [node.type for node in Node.of(graph).walk()] == ["MODEL", ""]
    assert [node.type for node in Node.of(graph, defaults=False).walk()] == ["", ""]


@pytest.mark.parametrize(
    ("node", "calls"),
    [
        ({"type": "MODEL"}, ("/predict", "", False, False, True)),
        ({"type": "TRANSFORMER"}, ("/transform-input", "", False, False, False)),
        ({"type": "OUTPUT_TRANSFORMER"}, ("", "/transform-output", False, False, False)),
        ({"type": "ROUTER"}, ("", "", True, False, True)),
        ({"type": "COMBINER"}, ("", "", False, True, False)),
        ({"type": "MODELX"}, ("", "", False, False, False)),
        ({"type": "MODEL", "methods": ["TRANSFORM_INPUT"]}, ("/transform-input", "", False, False, True)),
        (
            {"methods": ["TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK"]},
            ("", "/transform-output", True, True, True),
        ),
    ],
)
def test_calls_follow_from_type_and_methods(node: dict[str, Any], calls: tuple[Any, ...]) -> None:
    """On the way down, on the way up, to route, to aggregate, to learn."""
    found = Node.of({"name": "n", **node})
    assert (found.before, found.after, found.routes, found.aggregates, found.learns) == calls
