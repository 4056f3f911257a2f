"""A SeldonDeployment in, everything that is wrong with it out: fields first, and all at once."""

from typing import Any

import pytest

from argolane.serving.check import findings
from tests.serving.check.conftest import (
    Change,
    changed,
    container,
    first,
    is_refused,
    make_chain,
    make_router,
    other,
    parameter,
    pod,
)

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
    "a node by methods": lambda d, p, g: g["children"][0].update(
        type="UNKNOWN_TYPE", methods=["TRANSFORM_INPUT"]
    ),
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
    "truth as the wrapper reads it": lambda d, p, g: g["children"][0].update(
        parameters=parameter("Yes", "BOOL")
    ),
    "the default is a model": lambda d, p, g: g["children"][0].pop("type"),
    "a split without a ratio": lambda d, p, g: g.pop("parameters"),
    "a router that is told": lambda d, p, g: make_router(p),
    "v1alpha2": lambda d, p, g: d.update(apiVersion="machinelearning.seldon.io/v1alpha2"),
    "v1alpha3": lambda d, p, g: d.update(apiVersion="machinelearning.seldon.io/v1alpha3"),
    "a helper beside the models": lambda d, p, g: pod(p)["containers"].append(container("helper")),
    "null is absent": lambda d, p, g: first(p).update(env=None, resources=None),
    "quantities of every shape": lambda d, p, g: first(p).update(
        resources={"limits": {"cpu": 1, "memory": "1e9"}, "requests": {"cpu": "500m", "memory": "0.5Gi"}}
    ),
    "what was read back": lambda d, p, g: (
        d.update(status={"state": "Available", "x": 1}),
        d["metadata"].update(uid="u", generation=3, resourceVersion="7", managedFields=[{"manager": "m"}]),
    ),
    "long container names under a short pod name": lambda d, p, g: make_chain(p, 11),
}


@pytest.mark.parametrize("case", RIGHT)
def test_nothing_to_say_of_a_right_deployment(case: str) -> None:
    """What Seldon serves as it is written passes; that some of it does not run locally is no fault."""
    assert [str(f) for f in findings(changed(RIGHT[case]), tags=True) if f.level != "local"] == []


ERRORS: dict[str, tuple[Change, str]] = {
    "value is a number": (
        lambda d, p, g: g["parameters"][0].update(value=0.5),
        "graph.parameters[0].value: is 0.5; expected text (write it in quotes)",
    ),
    "no parameter type": (lambda d, p, g: g["parameters"][0].pop("type"), "parameters[0].type: is required."),
    "quantity": (
        lambda d, p, g: first(p).update(resources={"limits": {"cpu": "half"}}),
        "resources.limits.cpu: is 'half'; expected a quantity such as 100m or 1Gi",
    ),
    "quantity of the graph server": (
        lambda d, p, g: p["svcOrchSpec"].update(resources={"requests": {"cpu": 0.1}}),
        "svcOrchSpec.resources.requests.cpu: is 0.1; expected a quantity",
    ),
    "env is a boolean": (
        lambda d, p, g: first(p).update(env=[{"name": "A", "value": True}]),
        "env[0].value: is True; expected text",
    ),
    "env without name": (
        lambda d, p, g: first(p).update(env=[{"value": "1"}]),
        "containers[0].env[0].name: is required.",
    ),
    "field that is none": (
        lambda d, p, g: p.update(trafic=50),
        "spec.predictors[0].trafic: No field 'trafic'. Did you mean 'traffic'?",
    ),
    "text for a number": (
        lambda d, p, g: p.update(replicas="2"),
        "spec.predictors[0].replicas: is '2'; expected a whole number.",
    ),
    "a mapping for a list": (
        lambda d, p, g: g.update(children={"name": "a"}),
        "graph.children: is a mapping; expected a list.",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_field_that_does_not_fit_is_an_error(case: str) -> None:
    """Each is named with its place, what was found and what is allowed."""
    is_refused(ERRORS[case])


def test_all_faults_at_once() -> None:
    """Fields, names and graph are looked at in one go, though the fields do not all fit."""

    def spoil(d: dict[str, Any], p: dict[str, Any], g: dict[str, Any]) -> None:
        d["metadata"]["name"] = "X"
        p["replicas"] = "two"
        g["children"][0]["type"] = "MODELX"
        g["parameters"][0]["value"] = "2"

    assert [(f.level, f.at) for f in findings(changed(spoil))] == [
        ("error", "spec.predictors[0].replicas"),
        ("error", "metadata.name"),
        ("warning", "spec.predictors[0].graph"),
        ("warning", "spec.predictors[0].graph.children[0]"),
    ]


@pytest.mark.parametrize("deployment", [{}, {"spec": None}, {"spec": {"predictors": [{}]}}, [], None, "x"])
def test_what_is_nearly_nothing_is_faults_too(deployment: Any) -> None:
    """A deployment with nothing in it is told of, not a traceback."""
    assert [finding for finding in findings(deployment) if finding.level == "error"]


def test_of_a_patch_only_the_fields_are_looked_at() -> None:
    """It need not be a whole deployment; what it says has to fit all the same."""
    patch = {"kind": "SeldonDeployment", "spec": {"predictors": [{"graph": {}, "replicas": "2"}]}}
    assert [finding.at for finding in findings(patch, partial=True)] == ["spec.predictors[0].replicas"]


def test_what_a_tag_stands_for_is_not_known_yet() -> None:
    """A tag is no fault as a name, a number, a ratio or a whole graph; beside it everything is looked at."""
    tag = "{{inputs.parameters.x}}"

    def fill(d: dict[str, Any], p: dict[str, Any], g: dict[str, Any]) -> None:
        d["metadata"]["name"] = f"ab-{tag}"
        d["spec"]["protocol"] = p["replicas"] = p["name"] = first(p)["image"] = tag
        first(p)["resources"] = {"limits": {"cpu": tag}}
        g["children"][0] |= {"parameters": parameter(tag, "INT"), "type": tag}

    assert findings(changed(fill), tags=True) == []
    assert findings(changed(lambda d, p, g: p.update(graph=tag)), tags=True) == []
    assert findings(changed(lambda d, p, g: p.update(replicas=tag)))[0].at == "spec.predictors[0].replicas"
