"""A SeldonDeployment in, all its faults out."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from k8s_serving.checks import DeploymentError, checked, faults

Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], object]

GOOD: dict[str, Any] = {
    "apiVersion": "machinelearning.seldon.io/v1",
    "kind": "SeldonDeployment",
    "metadata": {"name": "demo"},
    "spec": {
        "predictors": [
            {
                "name": "default",
                "graph": {
                    "name": "split",
                    "implementation": "RANDOM_ABTEST",
                    "parameters": [{"name": "ratioA", "value": "0.3", "type": "FLOAT"}],
                    "children": [{"name": "a", "type": "MODEL"}, {"name": "b", "type": "MODEL"}],
                },
                "componentSpecs": [{"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}],
                "svcOrchSpec": {"env": [{"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": "true"}]},
            }
        ]
    },
}


def changed(change: Change) -> dict[str, Any]:
    """GOOD after `change(deployment, predictor, root node)`."""
    deployment = copy.deepcopy(GOOD)
    predictor = deployment["spec"]["predictors"][0]
    change(deployment, predictor, predictor["graph"])
    return deployment


def other(predictor: dict[str, Any], **fields: object) -> dict[str, Any]:
    return {**copy.deepcopy(predictor), **fields}


def chain(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"name": f"n{levels}", "type": "MODEL"}
    for level in range(levels - 1, 0, -1):
        node = {"name": f"n{level}", "type": "MODEL", "children": [node]}
    return node


def make_chain(predictor: dict[str, Any], levels: int) -> None:
    predictor["graph"] = chain(levels)
    containers = [{"name": f"n{n + 1}"} for n in range(levels)]
    predictor["componentSpecs"] = [{"metadata": {"name": "m"}, "spec": {"containers": containers}}]


RIGHT: dict[str, Change] = {
    "as it is": lambda d, p, g: None,
    "ratio 0": lambda d, p, g: g["parameters"][0].update(value="0"),
    "ratio 1": lambda d, p, g: g["parameters"][0].update(value="1.0"),
    "ratio is a tag": lambda d, p, g: g["parameters"][0].update(value="{{inputs.parameters.ratio}}"),
    "eleven levels": lambda d, p, g: make_chain(p, 11),
    "only predictor with all traffic": lambda d, p, g: p.update(traffic=100),
    "two with 100 in all": lambda d, p, g: (
        p.update(traffic=90),
        d["spec"]["predictors"].append(other(p, name="canary", traffic=10)),
    ),
    "a shadow beside the live one": lambda d, p, g: d["spec"]["predictors"].append(
        other(p, name="shadow", shadow=True, traffic=50)
    ),
    "traffic is a tag": lambda d, p, g: (
        p.update(traffic="{{inputs.parameters.w}}"),
        d["spec"]["predictors"].append(other(p, name="canary", traffic=10)),
    ),
    "a node by methods": lambda d, p, g: g["children"][0].update(type="UNKNOWN_TYPE", methods=["ROUTE"]),
    "a prepackaged server needs no container": lambda d, p, g: (
        g["children"][0].update(implementation="SKLEARN_SERVER", modelUri="pvc://store/m"),
        p["componentSpecs"][0]["spec"]["containers"].pop(0),
    ),
    "a parameter of each type": lambda d, p, g: g["children"][0].update(
        parameters=[
            {"name": "i", "value": "-1", "type": "INT"},
            {"name": "f", "value": "1e-3", "type": "DOUBLE"},
            {"name": "b", "value": "true", "type": "BOOL"},
            {"name": "s", "value": "", "type": "STRING"},
        ]
    ),
    "long container names under a short pod name": lambda d, p, g: make_chain(p, 11),
}


@pytest.mark.parametrize("case", RIGHT)
def test_nothing_to_say_of_a_right_deployment(case: str) -> None:
    """What Seldon serves as it is written passes, and comes back unchanged."""
    deployment = changed(RIGHT[case])
    assert checked(deployment) is deployment


WRONG: dict[str, tuple[Change, str]] = {
    "name": (lambda d, p, g: d["metadata"].update(name="Demo_1"), "metadata.name is 'Demo_1'; expected"),
    "no name": (lambda d, p, g: d.pop("metadata"), "metadata.name is ''"),
    "no predictor": (lambda d, p, g: d["spec"].pop("predictors"), "spec.predictors is empty"),
    "same predictor": (
        lambda d, p, g: d["spec"].update(predictors=[other(p, traffic=50), other(p, traffic=50)]),
        "spec.predictors: 2 are named 'default'",
    ),
    "protocol": (
        lambda d, p, g: d["spec"].update(protocol="v3"),
        "spec.protocol is 'v3'; expected one of seldon",
    ),
    "transport": (
        lambda d, p, g: d["spec"].update(transport="http"),
        "spec.transport is 'http'; expected one of rest",
    ),
    "traffic of one": (lambda d, p, g: p.update(traffic=50), "traffic of the only one that answers is 50"),
    "traffic of two": (
        lambda d, p, g: d["spec"].update(predictors=[other(p, traffic=50), other(p, name="b", traffic=40)]),
        "traffic sums to 90; expected 100",
    ),
    "two shadows": (
        lambda d, p, g: d["spec"].update(
            predictors=[p, other(p, name="b", shadow=True), other(p, name="c", shadow=True)]
        ),
        "2 are shadows; expected at most one",
    ),
    "only a shadow": (lambda d, p, g: p.update(shadow=True), "all are shadows; one has to answer"),
    "type": (
        lambda d, p, g: g["children"][0].update(type="MODELX"),
        "node 'a' has type 'MODELX'; expected one of MODEL",
    ),
    "type in lower case": (lambda d, p, g: g["children"][0].update(type="model"), "has type 'model'"),
    "no type": (lambda d, p, g: g["children"][0].pop("type"), "node 'a' has no type"),
    "implementation": (
        lambda d, p, g: g.update(implementation="RANDOM_AB"),
        "node 'split' has implementation 'RANDOM_AB'; expected one of",
    ),
    "no code for it": (
        lambda d, p, g: g.update(implementation="SIMPLE_ROUTER"),
        "has implementation 'SIMPLE_ROUTER'",
    ),
    "method": (lambda d, p, g: g["children"][0].update(methods=["PREDICT"]), "has method 'PREDICT'"),
    "twelve levels": (lambda d, p, g: make_chain(p, 12), "the graph is 12 levels deep; expected 11 at most"),
    "same node": (lambda d, p, g: g["children"][1].update(name="a"), "2 nodes are named 'a'"),
    "one arm": (lambda d, p, g: g["children"].pop(), "is a RANDOM_ABTEST with 1 children; expected 2"),
    "three arms": (
        lambda d, p, g: g["children"].append({"name": "c", "type": "MODEL"}),
        "is a RANDOM_ABTEST with 3 children; expected 2",
    ),
    "no ratio": (lambda d, p, g: g.pop("parameters"), "with parameters []; expected ratioA alone"),
    "two parameters": (
        lambda d, p, g: g["parameters"].append({"name": "seed", "value": "1", "type": "INT"}),
        "with parameters ['ratioA', 'seed']; expected ratioA alone",
    ),
    "ratio over 1": (
        lambda d, p, g: g["parameters"][0].update(value="1.5"),
        "has ratioA '1.5'; expected 0 to 1",
    ),
    "ratio is no number": (lambda d, p, g: g["parameters"][0].update(value="half"), "'half'; expected FLOAT"),
    "ratio is nan": (
        lambda d, p, g: g["parameters"][0].update(value="nan"),
        "has ratioA 'nan'; expected 0 to 1",
    ),
    "value is a number": (
        lambda d, p, g: g["parameters"][0].update(value=0.5),
        "value 0.5; expected text, '0.5'",
    ),
    "parameter type": (
        lambda d, p, g: g["parameters"][0].update(type="float"),
        "of type 'float'; expected one of INT",
    ),
    "INT": (
        lambda d, p, g: g["children"][0].update(parameters=[{"name": "i", "value": "1.5", "type": "INT"}]),
        "parameter 'i' with value '1.5'; expected INT",
    ),
    "BOOL": (
        lambda d, p, g: g["children"][0].update(parameters=[{"name": "b", "value": "True", "type": "BOOL"}]),
        "parameter 'b' with value 'True'; expected BOOL",
    ),
    "no injection": (
        lambda d, p, g: p.pop("svcOrchSpec"),
        "svcOrchSpec.env has no SELDON_ENABLE_ROUTING_INJECTION",
    ),
    "empty injection": (
        lambda d, p, g: p["svcOrchSpec"]["env"][0].update(value=""),
        "svcOrchSpec.env has no SELDON",
    ),
    "container without node": (
        lambda d, p, g: p["componentSpecs"][0]["spec"]["containers"].append({"name": "c"}),
        "container 'c' is no node of the graph; there are split, a, b",
    ),
    "node without container": (
        lambda d, p, g: p["componentSpecs"][0]["spec"]["containers"].pop(),
        "node 'b' has no container of that name",
    ),
    "same container": (
        lambda d, p, g: p["componentSpecs"][0]["spec"]["containers"].append({"name": "a"}),
        "2 containers are named 'a'",
    ),
    "leaf router": (lambda d, p, g: g["children"][0].update(type="ROUTER"), "is a ROUTER without children"),
    "leaf combiner": (
        lambda d, p, g: g["children"][0].update(type="COMBINER"),
        "is a COMBINER without children",
    ),
    "router under v2": (
        lambda d, p, g: (
            d["spec"].update(protocol="v2"),
            g["children"][0].update(type="ROUTER", children=[{"name": "b2", "type": "MODEL"}]),
        ),
        "a ROUTER learns from feedback, which protocol 'v2' does not have",
    ),
    "predictor name": (lambda d, p, g: p.update(name="Main"), "predictor 'Main': name is 'Main'"),
    "service name": (lambda d, p, g: d["metadata"].update(name="d" * 60), "the Service would be 'dddd"),
    "deployment name": (
        lambda d, p, g: p["componentSpecs"][0].update(metadata={"name": "x" * 50}),
        "the Deployment would be 'demo-default-0-xxxx",
    ),
    "hashed by its containers": (
        lambda d, p, g: (
            [n.update(name=n["name"] * 25) for n in g["children"]],
            [c.update(name=c["name"] * 25) for c in p["componentSpecs"][0]["spec"]["containers"]],
        ),
        "the Deployment would be 'demo-default-0-aaa",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_each_fault_is_named_with_its_place(case: str) -> None:
    """Each fault that neither schema nor webhook sees is an error that says where and what is allowed."""
    change, message = WRONG[case]
    with pytest.raises(DeploymentError) as error:
        checked(changed(change))
    assert message in str(error.value)


def test_all_faults_at_once() -> None:
    """Three things wrong are three lines."""

    def spoil(d: dict[str, Any], p: dict[str, Any], g: dict[str, Any]) -> None:
        d["metadata"]["name"] = "X"
        g["children"][0]["type"] = "MODELX"
        g["parameters"][0]["value"] = "2"

    with pytest.raises(DeploymentError) as error:
        checked(changed(spoil))
    assert len(error.value.faults) == 3


@pytest.mark.parametrize("deployment", [{}, {"spec": None}, {"spec": {"predictors": [{}]}}])
def test_what_is_nearly_nothing_is_faults_too(deployment: dict[str, Any]) -> None:
    """A deployment with nothing in it is told of, not a traceback."""
    assert list(faults(deployment))
