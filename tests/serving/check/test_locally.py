"""What is valid and does not run on a laptop: said as that, and never as a fault of the manifest."""

import copy
from typing import Any

import pytest

from argolane.errors import ManifestError, NotSupportedLocally
from argolane.serving.check import findings, read

CONTAINER = {"name": "m", "image": "python:3.11-slim"}
PREDICTOR = {
    "name": "default",
    "graph": {"name": "m", "type": "MODEL"},
    "componentSpecs": [{"spec": {"containers": [CONTAINER]}}],
}
MANIFEST: dict[str, Any] = {
    "apiVersion": "machinelearning.seldon.io/v1",
    "kind": "SeldonDeployment",
    "metadata": {"name": "m"},
    "spec": {"predictors": [PREDICTOR]},
}
POD = "predictors.0.componentSpecs.0.spec."
FIRST = f"{POD}containers.0."


def having(where: str, value: Any) -> dict[str, Any]:
    """MANIFEST with a value at `where` below its spec."""
    made = copy.deepcopy(MANIFEST)
    at = made["spec"]
    *path, last = where.split(".")
    for key in path:
        at = at[int(key)] if key.isdigit() else at.setdefault(key, {})
    at[last] = value
    return made


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        ("protocol", "v2", "spec.protocol: protocol v2 is valid and does not run locally"),
        ("protocol", "tensorflow", "spec.protocol: protocol tensorflow is valid"),
        ("predictors.0.explainer", {"type": "AnchorTabular"}, "explainer: needs a cluster"),
        ("predictors.0.ssl", {"certSecretName": "s"}, "ssl: needs a cluster"),
        ("predictors.0.componentSpecs.0.hpaSpec", {"maxReplicas": 2}, "hpaSpec: needs a cluster that scales"),
        ("predictors.0.graph.logger", {"mode": "all"}, "graph.logger: needs a cluster"),
        ("predictors.0.annotations", {"seldon.io/no-engine": "true"}, "seldon.io/no-engine needs a cluster"),
        (
            f"{POD}initContainers",
            [{"name": "x", "image": "busybox", "volumeDevices": [{"name": "d", "devicePath": "/d"}]}],
            "initContainers[0].volumeDevices: needs a cluster",
        ),
        (f"{POD}hostAliases", [{"ip": "10.0.0.1", "hostnames": ["db"]}], "hostAliases: needs a cluster"),
        (f"{POD}hostNetwork", True, "hostNetwork: needs a cluster"),
        (f"{POD}dnsConfig", {"nameservers": ["10.0.0.2"]}, "dnsConfig: needs a cluster"),
        (f"{POD}shareProcessNamespace", True, "shareProcessNamespace: needs a cluster"),
        (
            f"{POD}volumes",
            [{"name": "x", "hostPath": {"path": "/x"}}],
            "volumes[0].hostPath: needs a",
        ),
        (f"{POD}volumes", [{"name": "x", "projected": {"sources": []}}], "volumes[0].projected: needs a"),
        (f"{POD}volumes", [{"name": "x", "nfs": {"server": "s", "path": "/"}}], "volumes[0].nfs: needs a"),
        (f"{FIRST}ports", [{"containerPort": 80, "hostPort": 80}], "ports[0].hostPort: needs a cluster"),
        (
            f"{FIRST}env",
            [{"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
            "env[0].valueFrom.resourceFieldRef: needs a cluster",
        ),
        (
            f"{FIRST}env",
            [{"name": "PREDICTIVE_UNIT_HTTP_SERVICE_PORT", "value": "9000"}],
            "env[0]: sets PREDICTIVE_UNIT_HTTP_SERVICE_PORT; here ports are chosen",
        ),
    ],
)
def test_a_field_that_needs_a_cluster_is_named(where: str, value: Any, told: str) -> None:
    """Its place, why, and what to do; the manifest has no error."""
    manifest = having(where, value)
    assert {finding.level for finding in findings(manifest)} == {"local"}
    with pytest.raises(NotSupportedLocally, match="SeldonDeployment 'm': spec") as caught:
        read(manifest)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("gs://x/y", "is 'gs://x/y', with the scheme gs://: this machine fetches s3://BUCKET/PATH, file:///"),
        ("/x/y", "is '/x/y', with no scheme: this machine fetches s3://BUCKET/PATH"),
        ("https://x/y", "with the scheme https://"),
        ("s3://", "expected a bucket: s3://BUCKET/PATH"),
        ("s3://b/../c", "expected a path without '..'"),
        ("file://x/y", "expected the whole path, after three slashes"),
        ("pvc:///x", "expected the name of a claim: pvc://CLAIM/PATH"),
    ],
)
def test_a_model_that_cannot_be_fetched_here(uri: str, told: str) -> None:
    """Where it lies is refused by name, with the forms that are fetched; the manifest has no error."""
    graph = {"name": "m", "implementation": "MLFLOW_SERVER", "modelUri": uri, "envSecretRefName": "s"}
    with pytest.raises(NotSupportedLocally, match=r"graph\.modelUri: ") as caught:
        read(having("predictors.0.graph", graph))
    assert told in str(caught.value)


def test_a_model_in_s3_needs_a_secret() -> None:
    """Endpoint and keys come from nowhere else; which variables the Secret holds is told."""
    graph = {"name": "m", "implementation": "MLFLOW_SERVER", "modelUri": "s3://b/p"}
    with pytest.raises(NotSupportedLocally, match=r"graph\.envSecretRefName: is missing") as caught:
        read(having("predictors.0.graph", graph))
    assert "RCLONE_CONFIG_S3_* or AWS_*" in str(caught.value)


def test_a_folder_of_this_machine_is_none_of_a_cluster() -> None:
    """file:// runs here, with a warning that it does nowhere else."""
    graph = {"name": "m", "implementation": "MLFLOW_SERVER", "modelUri": "file:///x/y"}
    found = findings(having("predictors.0.graph", graph))
    assert [finding.level for finding in found] == ["warning"]


def test_a_split_by_traffic_needs_an_ingress() -> None:
    """Two predictors or a shadow split nothing without one: RANDOM_ABTEST is named instead."""
    manifest = copy.deepcopy(MANIFEST)
    live = copy.deepcopy(PREDICTOR) | {"traffic": 100}
    shadow = copy.deepcopy(PREDICTOR) | {"name": "other", "shadow": True}
    manifest["spec"]["predictors"] = [live, shadow]
    with pytest.raises(NotSupportedLocally, match="RANDOM_ABTEST") as caught:
        read(manifest)
    assert "spec.predictors[1].shadow: needs an ingress" in str(caught.value)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (f"{POD}hostNetwork", False),
        (f"{POD}initContainers", [{"name": "x", "image": "busybox"}]),
        (f"{POD}nodeSelector", {"disk": "ssd"}),
        (f"{POD}tolerations", [{"key": "gpu", "operator": "Exists"}]),
        (f"{POD}affinity", {"nodeAffinity": {}}),
        (f"{POD}volumes", [{"name": "x", "emptyDir": {"medium": "Memory"}}]),
        (f"{FIRST}securityContext", {"runAsUser": 8888}),
        (f"{FIRST}resources", {"limits": {"cpu": "1"}}),
        ("predictors.0.progressDeadlineSeconds", 60),
        ("protocol", "seldon"),
        ("name", "x"),
    ],
)
def test_what_means_nothing_on_one_machine_is_taken(where: str, value: Any) -> None:
    """Scheduling, limits and what asks for nothing are no hindrance."""
    assert findings(having(where, value)) == []
    assert read(having(where, value)).predictor.graph.name == "m"


def test_errors_come_before_what_does_not_run_here() -> None:
    """A manifest that no cluster takes either is wrong, and not merely not for a laptop."""
    manifest = having("protocol", "v2")
    manifest["spec"]["predictors"][0]["replicas"] = "2"
    with pytest.raises(ManifestError, match="replicas: is '2'") as caught:
        read(manifest, where="a.yaml")
    assert not isinstance(caught.value, NotSupportedLocally)
    assert str(caught.value).startswith("a.yaml: spec.predictors[0].replicas")
