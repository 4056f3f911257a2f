"""Graphs: nodes with nothing to run, and nodes that pass everything on in silence."""

import pytest

from tests.serving.check.conftest import (
    Change,
    first,
    goes_wrong_silently,
    is_refused,
    make_chain,
    make_router,
    parameter,
    pod,
)

# What the API server or the operator refuses, or gets stuck on.
ERRORS: dict[str, tuple[Change, str]] = {
    "unknown type": (
        lambda d, p, g: g["children"][0].update(type="UNKNOWN_TYPE"),
        "graph.children[0].type: is UNKNOWN_TYPE without methods",
    ),
    "implementation": (
        lambda d, p, g: g.update(implementation="RANDOM_AB"),
        "graph.implementation: No implementation 'RANDOM_AB'. Did you mean 'RANDOM_ABTEST'?",
    ),
    "server without model": (
        lambda d, p, g: g["children"][0].update(implementation="MLFLOW_SERVER"),
        "graph.children[0].modelUri: is required by MLFLOW_SERVER.",
    ),
    "server and protocol": (
        lambda d, p, g: (
            d["spec"].update(protocol="tensorflow"),
            g["children"][0].update(implementation="MLFLOW_SERVER", modelUri="s3://b/p"),
        ),
        "MLFLOW_SERVER, which does not speak the protocol 'tensorflow'",
    ),
    "twelve levels": (
        lambda d, p, g: make_chain(p, 12),
        "is level 12; a graph has at most 11 levels",
    ),
    "node without container": (
        lambda d, p, g: pod(p)["containers"].pop(),
        "graph.children[1]: No container 'b'. There are: a. A node of the graph runs in the container of its",
    ),
    "parameter type": (
        lambda d, p, g: g["children"][0].update(parameters=parameter("1", "float")),
        "children[0].parameters[0].type: parameter 'x': No type 'float'",
    ),
    "INT": (
        lambda d, p, g: g["children"][0].update(parameters=parameter("1.5", "INT")),
        "children[0].parameters[0].value: is '1.5', which is no INT",
    ),
    "FLOAT": (
        lambda d, p, g: g["children"][0].update(parameters=parameter("0,5", "FLOAT")),
        "is '0,5', which is no FLOAT",
    ),
    "BOOL": (
        lambda d, p, g: g["children"][0].update(parameters=parameter("maybe", "BOOL")),
        "is 'maybe', which is no BOOL",
    ),
}

# What is taken, and does something else than it says.
WARNINGS: dict[str, tuple[Change, str]] = {
    "type": (
        lambda d, p, g: g["children"][0].update(type="MODELX"),
        "node 'a' has the type 'MODELX': it is passed over. No type 'MODELX'. Did you mean 'MODEL'?",
    ),
    "type in lower case": (lambda d, p, g: g["children"][0].update(type="model"), "has the type 'model'"),
    "no type": (
        lambda d, p, g: g["children"][0].update(type="", implementation="UNKNOWN_IMPLEMENTATION"),
        "node 'a' has no type: it is passed over",
    ),
    "no code for it": (
        lambda d, p, g: g.update(implementation="SIMPLE_ROUTER"),
        "has the implementation SIMPLE_ROUTER, which the executor has no code for",
    ),
    "a server of the cluster's own": (
        lambda d, p, g: (
            g["children"][0].update(implementation="OUR_SERVER", modelUri="s3://b/p") or first(p).pop("image")
        ),
        "Seldon refuses it unless its seldon-config has a server of that name",
    ),
    "method": (
        lambda d, p, g: g["children"][0].update(methods=["PREDICT"]),
        "node 'a' has the method 'PREDICT': it is never called",
    ),
    "same node": (lambda d, p, g: g["children"][1].update(name="a"), "2 nodes are named 'a'"),
    "leaf router": (
        lambda d, p, g: g["children"][0].update(type="ROUTER"),
        "node 'a' is a ROUTER without children: it is passed over",
    ),
    "leaf combiner": (
        lambda d, p, g: g["children"][0].update(type="COMBINER", children=[]),
        "node 'a' is a COMBINER without children: it is passed over",
    ),
    "leaf that aggregates": (
        lambda d, p, g: g["children"][0].update(type="UNKNOWN_TYPE", methods=["AGGREGATE"]),
        "node 'a' is a node that routes or aggregates without children",
    ),
    "no injection": (
        lambda d, p, g: (make_router(p), p.pop("svcOrchSpec")),
        "svcOrchSpec.env: has no SELDON_ENABLE_ROUTING_INJECTION; without it no answer tells which child 'r'",
    ),
    "empty injection": (
        lambda d, p, g: (make_router(p), p["svcOrchSpec"]["env"][0].update(value="")),
        "svcOrchSpec.env: has no SELDON_ENABLE_ROUTING_INJECTION",
    ),
    "router under v2": (
        lambda d, p, g: (make_router(p), d["spec"].update(protocol="v2")),
        "router 'r' gets no feedback: the protocol 'v2' has none",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_is_refused_is_an_error(case: str) -> None:
    """Each is named with its place, what was found and what is allowed."""
    is_refused(ERRORS[case])


@pytest.mark.parametrize("case", WARNINGS)
def test_what_goes_wrong_silently_is_a_warning(case: str) -> None:
    """The API server, the webhook and the operator all take it, so it is no error."""
    goes_wrong_silently(WARNINGS[case])
