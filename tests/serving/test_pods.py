"""A checked deployment in, the pods that it asks for out."""

import json
from pathlib import Path
from typing import Any

from argolane.manifest import load
from argolane.serving import pods
from argolane.serving.check import read
from argolane.serving.ports import Ports

ROOT = Path(__file__).parents[2]
AB: dict[str, Any] = {
    "name": "split",
    "implementation": "RANDOM_ABTEST",
    "parameters": [{"name": "ratioA", "value": "0.5", "type": "FLOAT"}],
    "children": [
        {"name": "a", "type": "MODEL", "parameters": [{"name": "value", "type": "FLOAT", "value": "1"}]},
        {"name": "b", "type": "MODEL"},
    ],
}


def ab(tools: Any) -> dict[str, Any]:
    found: dict[str, Any] = tools.manifest("ab", tools.container("a"), tools.container("b"), graph=AB)
    return found


def test_environment_is_the_operators(tools: Any) -> None:
    """Names, values and order of the variables that the real operator 1.17.1 gave to an A/B graph's arm."""
    plan = pods.plan(read(ab(tools)))[0]
    assert plan.deployment == "ab-default-0-a-b"
    env = dict(plan.env["a"]) | Ports(9000, 9500, 6000).env()
    assert env == {
        "PREDICTIVE_UNIT_SERVICE_PORT": "9000",
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "9000",
        "MLSERVER_HTTP_PORT": "9000",
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": "9500",
        "MLSERVER_GRPC_PORT": "9500",
        "PREDICTIVE_UNIT_PARAMETERS": '[{"name":"value","value":"1","type":"FLOAT"}]',
        "PREDICTIVE_UNIT_ID": "a",
        "MLSERVER_MODEL_NAME": "a",
        "PREDICTIVE_UNIT_IMAGE": "python:3.11-slim",
        "PREDICTOR_ID": "default",
        "PREDICTOR_LABELS": '{"version":"default"}',
        "SELDON_DEPLOYMENT_ID": "ab",
        "SELDON_EXECUTOR_ENABLED": "true",
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "6000",
        "PREDICTIVE_UNIT_METRICS_ENDPOINT": "/prometheus",
        "MLSERVER_METRICS_PORT": "6000",
        "MLSERVER_METRICS_ENDPOINT": "/prometheus",
    }


def test_a_pod_is_the_same_until_its_own_spec_changes(tools: Any) -> None:
    """Ratio, replicas and labels of the deployment keep a pod; image, env, parameters and template do not."""

    def changed(edit: Any) -> bool:
        other = json.loads(json.dumps(ab(tools)))
        edit(other, other["spec"]["predictors"][0])
        return not pods.plan(read(ab(tools)))[0].same(pods.plan(read(other))[0])

    def first(predictor: Any) -> Any:
        return predictor["componentSpecs"][0]["spec"]["containers"][0]

    assert not changed(lambda m, p: p["graph"]["parameters"][0].update(value="0.9"))
    assert not changed(lambda m, p: p.update(replicas=3))
    assert not changed(lambda m, p: m["metadata"].update(annotations={"a": "b"}))
    assert changed(lambda m, p: first(p).update(image="python:3.12"))
    assert changed(lambda m, p: first(p)["env"].append({"name": "X", "value": "1"}))
    assert changed(lambda m, p: p["graph"]["children"][0]["parameters"][0].update(value="2"))
    assert changed(lambda m, p: p["componentSpecs"][0].update(metadata={"annotations": {"run": "2"}}))


def test_long_names_are_hashed(tools: Any) -> None:
    """Past 63 characters the operator's name of a Deployment is `seldon-` and an md5."""
    long = tools.manifest("m" * 60)
    assert pods.plan(read(long))[0].deployment.startswith("seldon-")


def test_null_is_absent(tools: Any) -> None:
    """`env:` with nothing behind it, which YAML reads as null, is no fault, as for the API server."""
    asked = tools.manifest()
    asked["metadata"]["labels"] = None
    asked["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"][0]["env"] = None
    assert pods.plan(read(asked))[0].units[0].env == []


def test_what_the_project_renders_is_accepted() -> None:
    """Every SeldonDeployment that this repository ships runs here."""
    rendered = [d for path in (ROOT / "k8s_serving" / "rendered").glob("*.yaml") for d in load(path)]
    shipped = [document for document in rendered if document.kind == "SeldonDeployment"]
    assert shipped
    for document in shipped:
        assert pods.plan(read(document.body, where=document.where))
