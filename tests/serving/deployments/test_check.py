"""The check of a manifest before anything starts, and the pods that a checked one asks for."""

import json
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ManifestError, NotSupportedLocally
from argolane.manifest import load
from argolane.serving import pods
from argolane.serving.check import read
from argolane.serving.ports import Ports

ROOT = Path(__file__).parents[3]
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


def test_every_fault_is_told_at_once(tools: Any) -> None:
    """A manifest with four faults names all four, each with its path."""
    wrong = ab(tools)
    predictor = wrong["spec"]["predictors"][0]
    predictor["trafic"] = 50
    predictor["replicas"] = "2"
    predictor["componentSpecs"][0]["spec"]["containers"][0]["env"] = [{"name": "A", "value": 1}]
    wrong["metadata"]["name"] = "No_Name"
    with pytest.raises(ManifestError) as caught:
        read(wrong)
    faults = caught.value.faults
    assert len(faults) == 4
    assert any("predictors[0].trafic: No field 'trafic'. Did you mean 'traffic'?" in f for f in faults)
    assert any("predictors[0].replicas is '2'" in f for f in faults)
    assert any("containers[0].env[0].value is 1" in f for f in faults)
    assert any("metadata.name is 'No_Name'" in f for f in faults)


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        ("shadow", True, "predictors[0].shadow needs an ingress"),
        ("explainer", {"type": "AnchorTabular"}, "predictors[0].explainer needs a cluster"),
        (
            "componentSpecs.0.hpaSpec",
            {"maxReplicas": 2},
            "componentSpecs[0].hpaSpec needs a cluster that scales",
        ),
        ("graph.modelUri", "gs://x/y", "predictors[0].graph.modelUri asks for a prepackaged server"),
        (
            "graph.implementation",
            "SKLEARN_SERVER",
            "implementation SKLEARN_SERVER asks for a prepackaged server",
        ),
        ("graph.logger", {"mode": "all"}, "predictors[0].graph.logger needs a cluster"),
        ("annotations", {"seldon.io/no-engine": "true"}, "annotations: seldon.io/no-engine needs a cluster"),
        ("componentSpecs.0.spec.initContainers", [{"name": "x"}], "initContainers needs a cluster"),
    ],
)
def test_what_a_laptop_cannot_do_is_refused_by_name(tools: Any, where: str, value: Any, told: str) -> None:
    """A field that needs an ingress, a cluster or an image this machine has not is named, with a cure."""
    asked = tools.manifest()
    at = asked["spec"]["predictors"][0]
    *path, last = where.split(".")
    for key in path:
        at = at[int(key)] if key.isdigit() else at[key]
    at[last] = value
    with pytest.raises(NotSupportedLocally, match="SeldonDeployment 'm': spec") as caught:
        read(asked)
    assert told in str(caught.value)


def test_traffic_between_predictors_is_refused(tools: Any) -> None:
    """Two predictors split nothing without an ingress: refused, and RANDOM_ABTEST named instead."""
    asked = tools.manifest()
    asked["spec"]["predictors"].append(asked["spec"]["predictors"][0] | {"name": "other"})
    with pytest.raises(NotSupportedLocally, match="RANDOM_ABTEST"):
        read(asked)


def test_nodes_mounts_and_names_must_fit_together(tools: Any) -> None:
    """A node without a container, a mount without a volume and a container twice are faults."""
    wrong = ab(tools)
    containers = wrong["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"]
    containers[1] = containers[0] | {"volumeMounts": [{"name": "store", "mountPath": "/mnt"}]}
    with pytest.raises(ManifestError) as caught:
        read(wrong)
    text = str(caught.value)
    assert "container 'a' stands twice" in text
    assert "No volume 'store'" in text
    assert "graph.children[1]" in text
    assert "'b'" in text


def test_a_port_that_the_operator_gives_is_not_the_manifests_to_set(tools: Any) -> None:
    """Ports are free ones of this machine, so a manifest that sets one is refused."""
    with pytest.raises(NotSupportedLocally, match="PREDICTIVE_UNIT_HTTP_SERVICE_PORT"):
        read(tools.manifest(PREDICTIVE_UNIT_HTTP_SERVICE_PORT="9000"))


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
    shipped = [d for path in (ROOT / "k8s_serving" / "rendered").glob("*.yaml") for d in load(path)]
    assert shipped
    for document in shipped:
        assert pods.plan(read(document.body, where=document.where))


def test_the_graphs_own_faults_are_told_too(tools: Any) -> None:
    """A parameter that is no text stands in one list with a mount that has no volume."""
    wrong = tools.manifest()
    predictor = wrong["spec"]["predictors"][0]
    predictor["graph"]["parameters"] = [{"name": "value", "value": 1, "type": "INT"}]
    predictor["componentSpecs"][0]["spec"]["containers"][0]["volumeMounts"] = [
        {"name": "x", "mountPath": "/x"}
    ]
    with pytest.raises(ManifestError) as caught:
        read(wrong)
    assert "No volume 'x'" in str(caught.value)
    assert "graph.parameters[0]" in str(caught.value)
