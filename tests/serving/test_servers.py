"""Prepackaged servers and models from a modelUri: what the operator adds, as it was observed to."""

import json
from pathlib import Path
from typing import Any

import pytest

from argolane.serving import pods, servers
from argolane.serving.check import read
from argolane.serving.ports import Ports
from argolane.serving.spec import Container, SeldonDeployment
from argolane.settings import ServerSettings

OBSERVED = Path(__file__).parents[1] / "cluster" / "observed"
SERVERS = [
    ServerSettings(implementation="MLFLOW_SERVER", image="seldonio/mlflowserver:1.17.1"),
    ServerSettings(implementation="MY_SERVER", image="example/model:1"),
]
SHAPES = (
    "mlflow-s3", "mlflow-pvc", "mlflow-override-no-image", "mlflow-after-transformer", "custom-modeluri",
    "custom-server",
)  # fmt: skip


def observed(shape: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OBSERVED / f"{shape}.json").read_text(encoding="utf-8"))
    # Some were applied without a Secret, which the initializer of this machine asks for.
    for node in (found["applied"]["spec"]["predictors"][0]["graph"],):
        for each in (node, *node.get("children", ())):
            if each.get("modelUri", "").startswith("s3:"):
                each.setdefault("envSecretRefName", "store")
    return found


def filled(manifest: dict[str, Any]) -> SeldonDeployment:
    return servers.filled(read(manifest), SERVERS)


def mounts(container: Any) -> set[tuple[str, bool]]:
    return {
        (m["mountPath"], bool(m.get("readOnly")))
        for m in container.get("volumeMounts", ())
        if m["mountPath"] != "/etc/podinfo"
    }


def plain(container: Container) -> dict[str, Any]:
    return container.model_dump(by_alias=True, exclude_none=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_pods_are_the_operators(shape: str) -> None:
    """Deployment's name, containers, images, environment, initializer, its arguments and all mounts."""
    seen = observed(shape)
    deployment = filled(seen["applied"])
    (plan,) = pods.plan(deployment)
    assert plan.deployment == seen["deployment"]
    real = [c for c in seen["pod"]["containers"] if c["name"] != "seldon-container-engine"]
    made = {c.name: plain(c) for c in plan.component.spec.containers}
    assert [c["name"] for c in real] == list(made)
    for number, container in enumerate(real):
        mine = made[container["name"]]
        assert mine["image"] == container["image"]
        assert mounts(mine) == mounts(container)
        ports = Ports(9000 + number, 9500 + number, 6000 + number).env()
        own = {v["name"]: v["value"] for v in mine["env"]}
        expected = {v["name"]: v["value"] for v in container["env"]}
        assert own | dict(plan.env[container["name"]]) | ports == expected
    (theirs,) = seen["pod"]["initContainers"]
    (ours,) = map(plain, plan.component.spec.init_containers)
    assert (ours["name"], ours["args"]) == (theirs["name"], theirs["args"])
    assert mounts(ours) == mounts(theirs)
    assert {n.type for n in deployment.predictor.graph.walk() if n.model_uri} == {"MODEL"}
    secret = [{"secretRef": {"name": "store"}}] if "s3:" in theirs["args"][0] else []
    assert [{"secretRef": {"name": s["secretRef"]["name"]}} for s in ours["envFrom"]] == secret


def test_another_model_is_another_pod() -> None:
    """As on a cluster: the address of the model is an argument of the pod's initializer."""
    before = observed("mlflow-s3")["applied"]
    after = json.loads(json.dumps(before).replace("bucket/path", "bucket/other"))
    assert not pods.plan(filled(before))[0].same(pods.plan(filled(after))[0])
    assert pods.plan(filled(before))[0].same(pods.plan(filled(before))[0])


def test_a_file_of_this_machine_is_seen_by_its_initializer_alone(tools: Any) -> None:
    """The folder of file:// is mounted for reading; the model's container sees only what was fetched."""
    graph = {"name": "m", "type": "MODEL", "modelUri": "file:///data/wine/3"}
    (plan,) = pods.plan(filled(tools.manifest(graph=graph)))
    (initializer,) = map(plain, plan.component.spec.init_containers)
    assert initializer["args"] == ["/mnt/source/3", "/mnt/models"]
    assert mounts(initializer) == {("/mnt/source/3", True), ("/mnt/models", False)}
    assert mounts(plain(plan.component.spec.containers[0])) == {("/mnt/models", True)}


def test_a_server_that_no_table_names_is_told_with_the_cure() -> None:
    """The implementation, those there are, the table to write; one with an image of its own needs none."""
    manifest = observed("custom-server")["applied"]
    (told,) = servers.unserved(manifest, SERVERS[:1])
    assert "spec.predictors[0].graph.implementation: " in told
    assert "MY_SERVER" in told and "MLFLOW_SERVER" in told and "[[server]]" in told
    assert not list(servers.unserved(manifest, SERVERS))
    component = {"spec": {"containers": [{"name": "model", "image": "mine:1"}]}}
    manifest["spec"]["predictors"][0]["componentSpecs"] = [component]
    assert not list(servers.unserved(manifest, []))
