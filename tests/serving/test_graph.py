"""The graph of a predictor: what is refused, what a node's type and methods stand for."""

from typing import Any

import pytest

from argolane.errors import ManifestError
from argolane.serving.crd import LEVELS
from argolane.serving.graph import Predictor


def predictor(graph: Any, **other: Any) -> Predictor:
    return Predictor.from_dict({"name": "p", "graph": graph, **other})


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
        Predictor.from_dict(given)


def test_eleven_levels_and_not_one_more() -> None:
    """The custom resource's schema drops what is deeper, in silence; here it is an error."""
    assert len(list(predictor(chain(LEVELS)).graph.walk())) == LEVELS
    with pytest.raises(ManifestError, match="is level 12; a graph has at most 11 levels"):
        predictor(chain(LEVELS + 1))


def test_operators_default_is_a_model() -> None:
    """A node without type, implementation and methods is a MODEL, unless the operator has been at it."""
    graph = {"name": "a", "children": [{"name": "b", "implementation": "RANDOM_ABTEST"}]}
    assert [node.type for node in predictor(graph).graph.walk()] == ["MODEL", ""]
    given = Predictor.from_dict({"name": "p", "graph": graph}, defaults=False)
    assert [node.type for node in given.graph.walk()] == ["", ""]


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
    found = predictor({"name": "n", **node}).graph
    assert (found.before, found.after, found.routes, found.aggregates, found.learns) == calls
