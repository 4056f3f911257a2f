"""The graph of a predictor: what is refused, and what is read of it."""

from typing import Any

import pytest

from argolane.errors import ManifestError
from argolane.serving import check
from argolane.serving.crd import LEVELS
from argolane.serving.graph import Graph, graph_of, read
from argolane.serving.graph_nodes import Node


def predictor(graph: Any, **other: Any) -> Graph:
    return read({"name": "p", "graph": graph, **other})


def chain(length: int) -> dict[str, Any]:
    node: dict[str, Any] = {"name": f"n{length}", "type": "MODEL"}
    for number in range(length - 1, 0, -1):
        node = {"name": f"n{number}", "type": "MODEL", "children": [node]}
    return node


def test_all_faults_of_a_graph_come_at_once() -> None:
    """One message, a line for each fault, with the path of the node and what was expected."""
    graph = {
        "name": "top",
        "typ": "MODEL",
        "children": [
            {"type": 3},
            {
                "name": "a",
                "methods": "ROUTE",
                "parameters": [{"name": "ratioA", "value": 0.5, "type": "FLOAT"}],
            },
            "b",
            {"name": "c", "children": {"name": "d"}, "endpoint": "localhost"},
        ],
    }
    with pytest.raises(ManifestError) as caught:
        predictor(graph, annotations={"seldon.io/rest-timeout": "5s"})
    lost = "kubectl refuses it; other clients lose it without a word."
    assert str(caught.value).replace("Predictor 'p': ", "").splitlines() == [
        "annotation seldon.io/rest-timeout is '5s'; expected milliseconds, a whole number such as '5000'.",
        f"graph.typ: No field 'typ'. Did you mean 'type'? {lost}",
        "graph.children[0].name: is required.",
        "graph.children[0].type: is 3; expected text (write it in quotes).",
        "graph.children[1].methods: is 'ROUTE'; expected a list.",
        "graph.children[1].parameters[0].value: is 0.5; expected text (write it in quotes).",
        "graph.children[2]: is 'b'; expected a mapping.",
        "graph.children[3].children: is a mapping; expected a list.",
        "graph.children[3].endpoint: is 'localhost'; expected a mapping.",
    ]


@pytest.mark.parametrize("given", [{}, {"name": "p"}, {"name": "p", "graph": None}, {"name": 1, "graph": {}}])
def test_predictor_without_name_or_graph_is_refused(given: dict[str, Any]) -> None:
    """A predictor needs both."""
    with pytest.raises(ManifestError):
        read(given)


def test_eleven_levels_and_not_one_more() -> None:
    """The custom resource's schema drops what is deeper, in silence; here it is an error."""
    assert len(list(predictor(chain(LEVELS)).root.walk())) == LEVELS
    with pytest.raises(ManifestError, match="is level 12; a graph has at most 11 levels"):
        predictor(chain(LEVELS + 1))


def test_what_the_operator_hands_over_has_its_defaults() -> None:
    """A node that still has no type is passed over, as by the executor, and is no MODEL."""
    graph = {"name": "a", "children": [{"name": "b", "implementation": "RANDOM_ABTEST"}]}
    assert [node.type for node in predictor(graph).root.walk()] == ["", ""]


def test_settings_of_a_deployment_reach_its_graph() -> None:
    """A time limit stands in either kind of annotations, the predictor's own first; injection in env."""
    unit = {"name": "m", "image": "python:3.11"}
    found: dict[str, Any] = {
        "name": "main",
        "annotations": {"seldon.io/rest-timeout": "1500", "version": "2"},
        "graph": {"name": "m"},
        "componentSpecs": [{"spec": {"containers": [unit]}}],
        "svcOrchSpec": {"env": [{"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": "true"}]},
    }
    manifest = {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": "d"},
        "spec": {"annotations": {"seldon.io/rest-timeout": "9000"}, "predictors": [found]},
    }
    graph = graph_of(check.read(manifest))
    assert graph == Graph("main", Node("m", type="MODEL"), injection=True, timeout=1.5, version="2")
    del found["annotations"], found["svcOrchSpec"]
    assert graph_of(check.read(manifest)) == Graph("main", Node("m", type="MODEL"), timeout=9.0)
