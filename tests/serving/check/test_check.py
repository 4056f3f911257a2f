"""A SeldonDeployment in, everything that is wrong with it out: refused, or silently another thing."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from argolane.serving.check import findings


def container(name: str) -> dict[str, Any]:
    return {"name": name, "image": "python:3.11-slim"}


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
                "componentSpecs": [{"spec": {"containers": [container("a"), container("b")]}}],
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
    containers = [container(f"n{n + 1}") for n in range(levels)]
    predictor["componentSpecs"] = [{"metadata": {"name": "m"}, "spec": {"containers": containers}}]


def make_router(predictor: dict[str, Any]) -> None:
    children = predictor["graph"]["children"]
    predictor["graph"] = {"name": "r", "type": "ROUTER", "children": children}
    pod(predictor)["containers"].append(container("r"))


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


def pod(p: dict[str, Any]) -> dict[str, Any]:
    """The pod spec of a predictor's first component."""
    found: dict[str, Any] = p["componentSpecs"][0]["spec"]
    return found


def first(p: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pod(p)["containers"][0]
    return found


def parameter(value: str, kind: str) -> list[dict[str, str]]:
    return [{"name": "x", "value": value, "type": kind}]


# What the API server or the operator refuses, or gets stuck on.
ERRORS: dict[str, tuple[Change, str]] = {
    "name": (lambda d, p, g: d["metadata"].update(name="Demo_1"), "metadata.name: is 'Demo_1'; expected"),
    "no name": (lambda d, p, g: d["metadata"].clear(), "metadata.name: is required."),
    "no metadata": (lambda d, p, g: d.pop("metadata"), "metadata: is required."),
    "a name that no Service can have": (
        lambda d, p, g: d["metadata"].update(name="2nd"),
        "metadata.name: is '2nd'; expected lower-case letters, digits and '-', a letter first",
    ),
    "a dot in the name": (lambda d, p, g: d["metadata"].update(name="a.b"), "is 'a.b'; expected lower-case"),
    "predictor name": (lambda d, p, g: p.update(name="Main"), "spec.predictors[0].name: is 'Main'; expected"),
    "no predictor name": (lambda d, p, g: p.pop("name"), "spec.predictors[0].name: is required."),
    "container name": (lambda d, p, g: first(p).update(name="A"), "containers[0].name: is 'A'; expected"),
    "label": (
        lambda d, p, g: p.update(labels={"a": "b c"}),
        "predictors[0].labels.a: is 'b c'; a valid",
    ),
    "label key": (lambda d, p, g: d["metadata"].update(labels={"a b": "c"}), "metadata.labels: 'a b': name"),
    "version": (
        lambda d, p, g: d.update(apiVersion="machinelearning.seldon.io/v2"),
        "apiVersion: No",
    ),
    "no predictors": (lambda d, p, g: d["spec"].pop("predictors"), "spec.predictors: is required."),
    "empty predictors": (lambda d, p, g: d["spec"].update(predictors=[]), "spec.predictors: is empty"),
    "no spec": (lambda d, p, g: d.pop("spec"), "spec.predictors: is empty"),
    "same predictor": (
        lambda d, p, g: d["spec"].update(predictors=[other(p, traffic=50), other(p, traffic=50)]),
        "spec.predictors: 2 are named 'default'",
    ),
    "protocol": (
        lambda d, p, g: d["spec"].update(protocol="v3"),
        "spec.protocol: is 'v3'; expected one of seldon, tensorflow, v2, kfserving.",
    ),
    "transport": (lambda d, p, g: d["spec"].update(transport="http"), "spec.transport: is 'http'; expected"),
    "server type": (lambda d, p, g: d["spec"].update(serverType="amqp"), "spec.serverType: is 'amqp'"),
    "kafka without topics": (
        lambda d, p, g: d["spec"].update(serverType="kafka"),
        "spec.predictors[0].svcOrchSpec.env: lacks KAFKA_BROKER, KAFKA_INPUT_TOPIC, KAFKA_OUTPUT_TOPIC",
    ),
    "traffic of one": (
        lambda d, p, g: p.update(traffic=50),
        "traffic: is 50; expected 0 or 100",
    ),
    "traffic over 100": (
        lambda d, p, g: p.update(traffic=200),
        "traffic: is 200; expected 0 to",
    ),
    "traffic of two": (
        lambda d, p, g: d["spec"].update(predictors=[other(p, traffic=50), other(p, name="b", traffic=40)]),
        "spec.predictors: their traffic sums to 90; expected 100",
    ),
    "no traffic of two": (
        lambda d, p, g: d["spec"].update(predictors=[p, other(p, name="b")]),
        "their traffic sums to 0; expected 100",
    ),
    "two shadows": (
        lambda d, p, g: d["spec"].update(
            predictors=[p, other(p, name="b", shadow=True), other(p, name="c", shadow=True)]
        ),
        "2 are shadows; expected at most one",
    ),
    "only a shadow": (lambda d, p, g: p.update(shadow=True), "all are shadows; one has to answer"),
    "no engine": (
        lambda d, p, g: p.update(annotations={"seldon.io/no-engine": "true"}),
        "seldon.io/no-engine is for graphs of one node only",
    ),
    "timeout": (
        lambda d, p, g: p.update(annotations={"seldon.io/rest-timeout": "5s"}),
        "seldon.io/rest-timeout is '5s'; expected milliseconds",
    ),
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
    "same container": (
        lambda d, p, g: pod(p)["containers"].append(container("a")),
        "componentSpecs: container 'a' stands twice",
    ),
    "no image": (lambda d, p, g: first(p).pop("image"), "containers[0].image: is required"),
    "no container": (lambda d, p, g: pod(p).update(containers=[]), "containers: is empty"),
    "value is a number": (
        lambda d, p, g: g["parameters"][0].update(value=0.5),
        "graph.parameters[0].value: is 0.5; expected text (write it in quotes)",
    ),
    "no parameter type": (lambda d, p, g: g["parameters"][0].pop("type"), "parameters[0].type: is required."),
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
    "quantity": (
        lambda d, p, g: first(p).update(resources={"limits": {"cpu": "half"}}),
        "resources.limits.cpu: is 'half'; expected a quantity such as 100m or 1Gi",
    ),
    "quantity of the graph server": (
        lambda d, p, g: p["svcOrchSpec"].update(resources={"requests": {"cpu": 0.1}}),
        "svcOrchSpec.resources.requests.cpu: is 0.1; expected a quantity",
    ),
    "negative quantity": (
        lambda d, p, g: first(p).update(resources={"requests": {"cpu": "-1"}}),
        "resources.requests.cpu: is '-1'; expected no less than 0",
    ),
    "more than the limit": (
        lambda d, p, g: first(p).update(
            resources={"requests": {"memory": "2Gi"}, "limits": {"memory": "2G"}}
        ),
        "resources.requests.memory: is '2Gi', more than the limit of '2G'",
    ),
    "env is a boolean": (
        lambda d, p, g: first(p).update(env=[{"name": "A", "value": True}]),
        "env[0].value: is True; expected text",
    ),
    "env without name": (
        lambda d, p, g: first(p).update(env=[{"value": "1"}]),
        "containers[0].env[0].name: is required.",
    ),
    "env with two values": (
        lambda d, p, g: first(p).update(
            env=[{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
        ),
        "env[0]: 'A' has value and valueFrom; expected one of them",
    ),
    "mount without volume": (
        lambda d, p, g: first(p).update(volumeMounts=[{"name": "x", "mountPath": "/x"}]),
        "containers[0].volumeMounts: No volume 'x'",
    ),
    "two at one path": (
        lambda d, p, g: (
            pod(p).update(volumes=[{"name": "x", "emptyDir": {}}]),
            first(p).update(volumeMounts=[{"name": "x", "mountPath": "/x"}] * 2),
        ),
        "containers[0].volumeMounts: mountPath '/x' stands twice",
    ),
    "volume of two kinds": (
        lambda d, p, g: pod(p).update(volumes=[{"name": "x", "emptyDir": {}, "secret": {"secretName": "s"}}]),
        "volumes[0]: 'x' has emptyDir and secret; expected one of them",
    ),
    "port": (
        lambda d, p, g: first(p).update(ports=[{"containerPort": 90000}]),
        "ports[0].containerPort: is 90000; expected 1 to 65535",
    ),
    "pull policy": (
        lambda d, p, g: first(p).update(imagePullPolicy="always"),
        "imagePullPolicy: is 'always'; expected one of Always",
    ),
    "restart policy": (
        lambda d, p, g: pod(p).update(restartPolicy="Never"),
        "restartPolicy: is 'Never'; expected Always",
    ),
    "probe without handler": (
        lambda d, p, g: first(p).update(readinessProbe={"periodSeconds": 3}),
        "readinessProbe: has none of exec, grpc, httpGet, tcpSocket; expected one",
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
    "one arm": (lambda d, p, g: g["children"].pop(), "is a RANDOM_ABTEST with 1 children; it only ever"),
    "three arms": (
        lambda d, p, g: g["children"].append({"name": "b", "type": "MODEL"}),
        "is a RANDOM_ABTEST with 3 children; it only ever",
    ),
    "two parameters": (
        lambda d, p, g: g["parameters"].append({"name": "seed", "value": "1", "type": "INT"}),
        "has parameters beside ratioA, so ratioA is ignored and the split is even",
    ),
    "misspelt ratio": (
        lambda d, p, g: g["parameters"][0].update(name="ratioa"),
        "has the parameters ratioa and no ratioA: the split is even",
    ),
    "ratio over 1": (lambda d, p, g: g["parameters"][0].update(value="1.5"), "has ratioA '1.5'; expected a"),
    "ratio below 0": (
        lambda d, p, g: g["parameters"][0].update(value="-0.1"),
        "has ratioA '-0.1'; expected",
    ),
    "ratio in percent": (
        lambda d, p, g: g["parameters"][0].update(value="30%"),
        "has ratioA '30%'; expected",
    ),
    "ratio is nan": (lambda d, p, g: g["parameters"][0].update(value="nan"), "has ratioA 'nan'; expected a"),
    "a router that is a split": (lambda d, p, g: g.update(type="ROUTER"), "is a ROUTER beside"),
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
    "oauth": (lambda d, p, g: d["spec"].update(oauth_key="k"), "spec.oauth_key: has no effect"),
    "resources of an engine of old": (
        lambda d, p, g: p.update(engineResources={"requests": {"cpu": "1"}}),
        "engineResources: has no effect. Use svcOrchSpec.resources",
    ),
    "service name": (lambda d, p, g: d["metadata"].update(name="d" * 60), "the Service would be 'dddd"),
    "deployment name": (
        lambda d, p, g: p["componentSpecs"][0].update(metadata={"name": "x" * 50}),
        "the Deployment would be 'demo-default-0-xxxx",
    ),
    "hashed by its containers": (
        lambda d, p, g: (
            [n.update(name=n["name"] * 25) for n in g["children"]],
            [c.update(name=c["name"] * 25) for c in pod(p)["containers"]],
        ),
        "the Deployment would be 'demo-default-0-aaa",
    ),
}


def said(case: dict[str, tuple[Change, str]], name: str, level: str) -> list[str]:
    return [str(finding) for finding in findings(changed(case[name][0])) if finding.level == level]


@pytest.mark.parametrize("case", ERRORS)
def test_what_is_refused_is_an_error(case: str) -> None:
    """Each is named with its place, what was found and what is allowed."""
    assert any(ERRORS[case][1] in text for text in said(ERRORS, case, "error"))


@pytest.mark.parametrize("case", WARNINGS)
def test_what_goes_wrong_silently_is_a_warning(case: str) -> None:
    """The API server, the webhook and the operator all take it, so it is no error."""
    assert any(WARNINGS[case][1] in text for text in said(WARNINGS, case, "warning"))
    assert said(WARNINGS, case, "error") == []


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
