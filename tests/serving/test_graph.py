"""The graph of a predictor: what is refused, what is doubtful, what a node's type and methods stand for."""

from typing import Any

import pytest

from argolane.errors import ManifestError
from argolane.serving.graph import DEEPEST, Predictor
from argolane.serving.graph_nodes import METHODS, TYPES


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
    numeric = {"name": "ratioA", "value": 0.5, "type": "FLOAT"}
    assert str(caught.value).replace("Predictor 'p': ", "").splitlines() == [
        "annotation seldon.io/rest-timeout is '5s'; expected milliseconds, a whole number such as '5000'.",
        "graph: No field 'typ'. Did you mean 'type'?",
        "graph.children[0].name is None; expected the name of the node's container.",
        "graph.children[0].type is 3; expected text.",
        f"graph.children[1].methods is 'ROUTE'; expected a list of {', '.join(METHODS)}.",
        f"graph.children[1].parameters[0] is {numeric}; expected name and value as text, whatever the type.",
        "graph.children[2] is 'b'; expected a node with a name.",
        "graph.children[3].children is {'name': 'd'}; expected a list of nodes.",
        "graph.children[3].endpoint is 'localhost'; expected service_host and httpPort.",
    ]


@pytest.mark.parametrize("given", [{}, {"name": "p"}, {"name": "p", "graph": None}, {"name": 1, "graph": {}}])
def test_predictor_without_name_or_graph_is_refused(given: dict[str, Any]) -> None:
    """A predictor needs both."""
    with pytest.raises(ManifestError):
        Predictor.from_dict(given)


def test_eleven_levels_and_not_one_more() -> None:
    """The custom resource's schema drops what is deeper, in silence; here it is an error."""
    assert len(list(predictor(chain(DEEPEST)).graph.walk())) == DEEPEST
    with pytest.raises(ManifestError, match="children at level 12; a graph has at most 11 levels"):
        predictor(chain(DEEPEST + 1))


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


def split(*ratios: str, children: int = 2) -> dict[str, Any]:
    return {
        "name": "ab",
        "implementation": "RANDOM_ABTEST",
        "parameters": [{"name": "ratioA", "value": ratio, "type": "FLOAT"} for ratio in ratios],
        "children": [{"name": f"m{n}", "type": "MODEL"} for n in range(children)],
    }


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (split("0.5"), []),
        (
            split(children=3),
            ["Node 'ab' is a RANDOM_ABTEST with 3 children; it only ever chooses between two."],
        ),
        (split("half"), ["Node 'ab' has ratioA 'half'; expected a number from 0 to 1."]),
        (split("nan"), ["Node 'ab' has ratioA 'nan'; expected a number from 0 to 1."]),
        (
            split("0.5", "0.1"),
            ["Node 'ab' has parameters beside ratioA, so ratioA is ignored and the split is even."],
        ),
        (
            {"name": "a", "type": "model"},
            [f"Node 'a' has the type 'model', none of {', '.join(TYPES)}: it is passed over."],
        ),
        (
            {"name": "a", "type": "ROUTER", "methods": ["PREDICT"]},
            [
                f"Node 'a' has the method 'PREDICT', none of {', '.join(METHODS)}: it is never called.",
                "Node 'a' is a ROUTER without children: it is passed over.",
            ],
        ),
        (
            {"name": "a", "implementation": "AVERAGE_COMBINER"},
            ["Node 'a' has the implementation AVERAGE_COMBINER, which the executor has no code for."],
        ),
        (
            {"name": "a", "type": "MODEL", "logger": {"mode": "all"}},
            ["Node 'a' has a logger, which this graph server does not have: its payloads are not logged."],
        ),
        (
            {"name": "a", "type": "MODEL", "children": [{"name": "a", "type": "MODEL"}]},
            ["Two nodes are called 'a'."],
        ),
    ],
)  # fmt: skip
def test_doubts_name_what_runs_but_not_as_meant(graph: dict[str, Any], expected: list[str]) -> None:
    """What the executor passes over in silence is said."""
    assert predictor(graph).doubts() == expected


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("0", None), ("-1", None), ("2500", 2.5)])
def test_timeout_is_in_milliseconds(text: str, seconds: float | None) -> None:
    """None, 0 and less stand for no limit."""
    assert predictor({"name": "a"}, annotations={"seldon.io/rest-timeout": text}).timeout == seconds


@pytest.mark.parametrize(("value", "on"), [("true", True), ("false", True), ("", False)])
def test_injection_is_on_for_any_value(value: str, on: bool) -> None:
    """As in the executor: 'false', too."""
    env = [{"name": "OTHER"}, {"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": value}]
    assert predictor({"name": "a"}, svcOrchSpec={"env": env}).injection is on
