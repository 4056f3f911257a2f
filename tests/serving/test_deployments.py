"""Applying, updating, patching and deleting deployments: what is kept, what is replaced, what is said."""

import base64
import json
import os
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from argolane.containers import cgroups
from argolane.containers.cgroups import Limits
from argolane.errors import ArgolaneError, ManifestError
from argolane.project import Project
from argolane.serving import client
from argolane.serving.deployments import Deployments
from argolane.serving.lineage import whence


def test_apply_get_patch_delete(deployments: Deployments, project: Project, tools: Any) -> None:
    """One deployment's life: metadata as an API server's, status as the operator's, pods kept."""
    asked = tools.manifest(VERSION="1")
    asked["metadata"]["annotations"] = {"argolane.dev/commit": "abc", "note": "mine"}
    applied = deployments.apply(asked)
    assert applied["status"]["state"] == "Creating"
    assert "status" not in asked

    found = deployments.wait("m", timeout=30)
    metadata, status = found["metadata"], found["status"]
    assert (metadata["generation"], metadata["namespace"]) == (1, "demo")
    assert {"uid", "creationTimestamp", "resourceVersion"} <= set(metadata)
    assert status["deploymentStatus"] == {"m-default-0-m": {"replicas": 1, "availableReplicas": 1}}
    assert status["replicas"] == 1
    assert status["address"]["url"] == deployments.url("m")
    assert {"type": "Ready", "status": "True"}.items() <= next(
        c for c in status["conditions"] if c["type"] == "Ready"
    ).items()
    answer = tools.ask(deployments.url("m"))
    assert answer["env"]["SELDON_DEPLOYMENT_ID"] == "m"
    before = tools.processes(project.root)

    # The same again, and a patch of annotations: nothing starts anew, and the state does not waver.
    assert deployments.apply(asked)["status"]["state"] == "Available"
    patched = deployments.patch("m", {"metadata": {"annotations": {"argolane.dev/run": "x7", "note": None}}})
    assert patched["status"]["state"] == "Available"
    assert patched["metadata"]["annotations"] == {"argolane.dev/commit": "abc", "argolane.dev/run": "x7"}
    assert patched["metadata"]["generation"] == 1
    assert int(patched["metadata"]["resourceVersion"]) > int(metadata["resourceVersion"])
    assert tools.processes(project.root) == before

    # As with kubectl apply, what somebody else set stays.
    again = deployments.apply(asked)
    assert again["metadata"]["annotations"] == {
        "argolane.dev/commit": "abc",
        "argolane.dev/run": "x7",
        "note": "mine",
    }
    told = whence(project, "m")
    assert told["lineage"] == {"commit": "abc", "run": "x7"}
    assert told["images"] == {"m": "python:3.11-slim"}
    with pytest.raises(ArgolaneError, match="exists already"):
        deployments.create(asked)

    assert deployments.delete("m") is True
    assert deployments.delete("m") is False
    assert tools.processes(project.root) == []
    assert not (project.state / "deployments" / "m").exists()
    with pytest.raises(ArgolaneError, match="No deployment 'm'"):
        deployments.get("m")


def test_a_wrong_manifest_starts_nothing(deployments: Deployments, project: Project, tools: Any) -> None:
    """Faults are told before anything is written or started."""
    wrong = tools.manifest()
    wrong["spec"]["predictors"][0]["trafic"] = 1
    with pytest.raises(ManifestError, match="trafic"):
        deployments.apply(wrong)
    assert deployments.list() == []
    assert tools.processes(project.root) == []


def test_who_applies_is_told_the_doubts(deployments: Deployments, project: Project, tools: Any) -> None:
    """In a notebook, say: what runs and hardly means what it says is told to the one who asked for it."""
    told: list[str] = []
    asked = tools.manifest(graph={"name": "m", "type": "MODEL", "methods": ["PREDICT"]})
    Deployments(project, say=told.append).apply(asked)
    (doubt,) = told
    assert doubt.startswith(
        "SeldonDeployment 'm': spec.predictors[0].graph: node 'm' has the method 'PREDICT'"
    )
    assert deployments.get("m")["metadata"]["name"] == "m"


def test_a_first_version_that_does_not_start(deployments: Deployments, tools: Any) -> None:
    """The address is there and says why nothing answers; waiting ends with the reason, before its time."""
    deployments.apply(tools.manifest(BROKEN="no weights"))
    with pytest.raises(ArgolaneError) as caught:
        deployments.wait("m", timeout=60)
    told = str(caught.value)
    assert told.startswith("Deployment 'm' is Failed, not Available, after ")
    assert "RuntimeError: no weights" in told.splitlines()[0]
    url = deployments.url("m")
    with pytest.raises(ArgolaneError, match=r"HTTP 503: Deployment 'm' has no version that is ready yet"):
        client.predict(url, {"strData": ""})
    with urllib.request.urlopen(url.replace("/api/v1.0/predictions", "/live")) as alive:
        assert alive.status == 200


def test_what_was_mended_is_tried_at_once(
    deployments: Deployments, project: Project, tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """argolane.toml learns an image, the same manifest is applied again: no waiting for the next try."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked = tools.manifest("m", tools.container(image="registry.lab/toy:1", VERSION="1"))
    deployments.apply(asked)
    with pytest.raises(ArgolaneError, match=r"ErrImagePull: .*registry\.lab/toy:1"):
        deployments.wait("m", timeout=60)
    (project.root / "toy.lock").touch()
    settings = '[[image]]\nname = "toy"\nfolder = "."\nlock = "toy.lock"\n'
    (project.root / "argolane.toml").write_text('namespace = "demo"\n' + settings)
    assert deployments.apply(asked)["metadata"]["generation"] == 1
    tools.until(lambda: deployments.get("m")["status"]["state"] == "Available", within=30)
    assert tools.ask(deployments.url("m"))["version"] == "1"


class Client:
    """Sends one request after the other until told to stop; notes every version and every failure."""

    def __init__(self, tools: Any, url: str) -> None:
        self.versions: list[str] = []
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, args=(tools, url))
        self._thread.start()

    def _send(self, tools: Any, url: str) -> None:
        while not self._stop.is_set():
            try:
                self.versions.append(tools.ask(url)["version"])
            except Exception as error:
                self.failures.append(repr(error))

    def end(self) -> None:
        self._stop.set()
        self._thread.join()


def test_updates_fail_no_request(deployments: Deployments, project: Project, tools: Any) -> None:
    """Through a good update, broken ones and the way back, a client gets answers, never a failure."""
    deployments.apply(tools.manifest(VERSION="1"))
    url = deployments.wait("m", timeout=30)["status"]["address"]["url"]
    client = Client(tools, url)
    try:
        assert deployments.apply(tools.manifest(VERSION="2"))["status"]["state"] == "Creating"
        assert deployments.wait("m", timeout=30)["status"]["address"]["url"] == url
        assert tools.ask(url)["version"] == "2"

        deployments.apply(tools.manifest(VERSION="3", BROKEN="no model at /mnt/model-store/m/3"))
        broken = deployments.wait("m", timeout=30, state="Failed")["status"]
        first = broken["description"].splitlines()[0]
        assert first.startswith(
            "CrashLoopBackOff: Container 'm' ended with exit code 1: RuntimeError: no model at"
        )
        assert "Log: .argolane/deployments/m/logs/m-default-0-m-" in first
        assert first.endswith("The version before goes on answering.")
        assert broken["deploymentStatus"]["m-default-0-m"]["availableReplicas"] == 0

        unknown = tools.manifest("m", tools.container(image="registry.lab/nobody:1"))
        deployments.apply(unknown)
        told = tools.until(lambda: deployments.get("m")["status"].get("description"))
        assert told.startswith("ErrImagePull: ")
        assert "registry.lab/nobody:1" in told

        deployments.apply(tools.manifest(VERSION="2"))
        deployments.wait("m", timeout=30)
        time.sleep(0.2)
    finally:
        client.end()
    assert client.failures == []
    assert set(client.versions) == {"1", "2"}
    assert sum(a != b for a, b in zip(client.versions, client.versions[1:], strict=False)) == 1


def test_a_request_in_flight_is_answered_by_the_version_it_came_to(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """The old pod ends only after the answer it still owes, and meanwhile the new one answers others."""

    def version(number: str) -> dict[str, Any]:
        asked: dict[str, Any] = tools.manifest(VERSION=number, GO="/mnt/signs/go")
        pod = asked["spec"]["predictors"][0]["componentSpecs"][0]["spec"]
        pod["volumes"] = [{"name": "signs", "persistentVolumeClaim": {"claimName": "signs"}}]
        pod["containers"][0]["volumeMounts"] = [{"name": "signs", "mountPath": "/mnt/signs"}]
        return asked

    deployments.apply(version("1"))
    url = deployments.wait("m", timeout=30)["status"]["address"]["url"]
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(tools.ask(url, "wait", timeout=30)["version"]))
    slow.start()
    time.sleep(0.2)
    deployments.apply(version("2"))
    deployments.wait("m", timeout=30)
    assert tools.ask(url)["version"] == "2"
    assert answers == []
    (project.state / "volumes" / "signs" / "go").touch()
    slow.join()
    assert answers == ["1"]


def test_a_model_that_dies_is_started_again(deployments: Deployments, tools: Any) -> None:
    """While it is down the status says so; then it answers again at the same URL."""
    deployments.apply(tools.manifest(VERSION="1", LOAD_SECONDS="0.5"))
    url = deployments.wait("m", timeout=30)["status"]["address"]["url"]
    with pytest.raises(OSError):
        tools.ask(url, "die")
    down = tools.until(lambda: (s := deployments.get("m")["status"])["state"] == "Creating" and s)
    assert down["description"].startswith("CrashLoopBackOff: Container 'm' ended with exit code 9.")
    assert deployments.wait("m", timeout=30)["status"]["address"]["url"] == url
    assert tools.ask(url)["version"] == "1"


def test_volumes_config_maps_and_the_environment(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """Claims are .argolane/volumes, objects .argolane/objects; $(NAME), fieldRef and keys become values."""
    (project.state / "volumes" / "store").mkdir(parents=True)
    (project.state / "volumes" / "store" / "model.txt").write_text("weights")
    for kind, value in (("ConfigMap", "blue"), ("Secret", base64.b64encode(b"sesame").decode())):
        folder = project.state / "objects" / kind.lower()
        folder.mkdir(parents=True)
        (folder / "conf.json").write_text(json.dumps({"kind": kind, "data": {"key": value}}))
    one = tools.container(args=("/mnt/store/model.txt", "/etc/conf/key"))
    one["env"] = [
        {"name": "STORE", "value": "/mnt/store"},
        {"name": "MODEL_DIR", "value": "$(STORE)/m"},
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "conf", "key": "key"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "conf", "key": "key"}}},
        {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
    ]
    one["volumeMounts"] = [
        {"name": "store", "mountPath": "/mnt/store", "readOnly": True},
        {"name": "conf", "mountPath": "/etc/conf"},
        {"name": "scratch", "mountPath": "/scratch"},
    ]
    asked = tools.manifest("m", one)
    asked["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["volumes"] = [
        {"name": "store", "persistentVolumeClaim": {"claimName": "store"}},
        {"name": "conf", "configMap": {"name": "conf"}},
        {"name": "scratch", "emptyDir": {}},
    ]
    deployments.apply(asked)
    deployments.wait("m", timeout=30)
    answer = tools.ask(deployments.url("m"))
    assert list(answer["files"].values()) == ["weights", "blue"]
    wanted = {"COLOUR": "blue", "PASSWORD": "sesame", "WHERE": "demo"}
    assert wanted.items() <= answer["env"].items()
    # Where mounts are not allowed, it is the path of the real folder.
    assert answer["env"]["MODEL_DIR"].endswith("/store/m")


def test_init_containers_come_before_the_model(deployments: Deployments, tools: Any) -> None:
    """The usual way to fetch a model: tried until it works, and what it left is there for the model."""
    mount = {"name": "fetched", "mountPath": "/mnt/fetched"}
    unit = {**tools.container(args=("/mnt/fetched/model",)), "volumeMounts": [mount]}
    second_time = "if [ -e tried ]; then echo weights > model; else touch tried; exit 3; fi"
    init = {
        "name": "fetch", "image": unit["image"], "volumeMounts": [mount],
        "command": ["sh", "-c", f"cd /mnt/fetched; {second_time}"],
    }  # fmt: skip
    asked = tools.manifest("m", unit)
    pod = asked["spec"]["predictors"][0]["componentSpecs"][0]["spec"]
    pod |= {"initContainers": [init], "volumes": [{"name": "fetched", "emptyDir": {}}]}
    deployments.apply(asked)

    def failed() -> bool:
        return "Init:Error: Container 'fetch' ended with exit code 3." in str(deployments.get("m")["status"])

    tools.until(failed)
    deployments.wait("m", timeout=30)
    assert tools.ask(deployments.url("m"))["files"] == {"/mnt/fetched/model": "weights\n"}


def test_two_arms_two_replicas_and_a_new_ratio(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """An A/B graph on two replicas; a new ratio is served at once, by the very same processes."""

    def graph(ratio: str) -> dict[str, Any]:
        return {
            "name": "split",
            "implementation": "RANDOM_ABTEST",
            "parameters": [{"name": "ratioA", "value": ratio, "type": "FLOAT"}],
            "children": [{"name": "a", "type": "MODEL"}, {"name": "b", "type": "MODEL"}],
        }

    arms = (tools.container("a", VERSION="a"), tools.container("b", VERSION="b"))
    asked = tools.manifest("ab", *arms, graph=graph("1.0"))
    asked["spec"]["predictors"][0]["replicas"] = 2
    deployments.apply(asked)
    status = deployments.wait("ab", timeout=30)["status"]
    assert status["deploymentStatus"] == {"ab-default-0-a-b": {"replicas": 2, "availableReplicas": 2}}
    assert {tools.ask(deployments.url("ab"))["version"] for _ in range(4)} == {"a"}
    before = tools.processes(project.root)
    asked["spec"]["predictors"][0]["graph"] = graph("0.0")
    deployments.apply(asked)
    deployments.wait("ab", timeout=1)
    assert {tools.ask(deployments.url("ab"))["version"] for _ in range(4)} == {"b"}
    assert tools.processes(project.root) == before


def test_two_applies_at_once_leave_one_deployment(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """Eight applies from eight threads: one supervisor, one pod, the state Available."""
    threads = [
        threading.Thread(target=deployments.apply, args=(tools.manifest(VERSION=str(n % 2)),))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deployments.wait("m", timeout=30)
    assert tools.ask(deployments.url("m"))["version"] in "01"
    supervisors = tools.supervisors(project.root)
    assert len(supervisors) == 1


def test_scaled_to_nothing(deployments: Deployments, tools: Any) -> None:
    """replicas: 0 is Available, as on a cluster; the status and each answer say why nothing answers."""
    asked = tools.manifest()
    asked["spec"]["predictors"][0]["replicas"] = 0
    deployments.apply(asked)
    status = deployments.wait("m", timeout=30)["status"]
    assert (status["state"], status["replicas"]) == ("Available", 0)
    assert status["description"] == "replicas is 0: nothing answers. Set it to 1 or more."
    with pytest.raises(ArgolaneError, match="503: Deployment 'm' has 0 replicas"):
        client.predict(deployments.url("m"), {"data": {"ndarray": [[1]]}})
    asked["spec"]["predictors"][0]["replicas"] = 1
    deployments.apply(asked)
    assert "description" not in deployments.wait("m", timeout=30)["status"]
    tools.ask(deployments.url("m"))


@pytest.mark.parametrize(("settings", "threads"), [("", "1"), ("limits = false\n", None)])
def test_a_server_has_as_many_threads_as_it_may_have_cores(
    deployments: Deployments, project: Project, tools: Any, settings: str, threads: str | None
) -> None:
    """Unless argolane.toml says that limits do not hold here."""
    if reason := cgroups.lacking(Limits(cpu=0.5)):
        pytest.skip(reason)
    if os.cpu_count() == 1:
        pytest.skip("there is one core, which it may have")
    (project.root / "argolane.toml").write_text('namespace = "demo"\n' + settings)
    deployments.apply(tools.manifest("m", {**tools.container(), "resources": {"limits": {"cpu": "900m"}}}))
    deployments.wait("m", timeout=30)
    assert tools.ask(deployments.url("m"))["env"].get("OMP_NUM_THREADS") == threads


def test_a_model_that_is_too_large_for_its_memory_is_told_so(deployments: Deployments, tools: Any) -> None:
    """The kubelet's word, and the field that says how much it may have."""
    if reason := cgroups.lacking(Limits(memory=1)):
        pytest.skip(reason)
    greedy = {
        **tools.container(),
        "command": ["python3", "-c", "held = bytearray(b'1') * (300 << 20)"],
        "resources": {"limits": {"memory": "64Mi"}},
    }
    deployments.apply(tools.manifest("m", greedy))
    told = tools.until(
        lambda: (s := deployments.get("m")["status"].get("description", "")) and "OOM" in s and s
    )
    words = "CrashLoopBackOff: Container 'm' ended with exit code 137, OOMKilled: it wanted more memory than"
    assert told.startswith(words)
