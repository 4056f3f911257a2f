"""Why a rollout failed, and what is put back; the states of pods are such as a cluster gave."""

import json
from pathlib import Path
from typing import Any

import pytest

from workflows.parts.steps import explain

PULL = {
    "name": "m",
    "state": {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "nothing:1"'}},
    "lastState": {},
    "ready": False,
}
CRASH = {
    "name": "m",
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s"}},
    "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
    "ready": False,
}
ENDED = {
    "name": "m",
    "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
    "lastState": {},
    "ready": False,
}
ENDED_AGAIN = {**ENDED, "lastState": CRASH["lastState"]}
UNREADY = {"name": "m", "state": {"running": {}}, "lastState": {}, "ready": False}
READY = {**UNREADY, "ready": True}
STARTING = {"name": "m", "state": {"waiting": {"reason": "ContainerCreating"}}, "ready": False}


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (PULL, [("m", 'ImagePullBackOff: Back-off pulling image "nothing:1"', "")]),
        (CRASH, [("m", "CrashLoopBackOff: back-off 20s (exit code 1 Error)", "last")]),
        (ENDED, [("m", "ended with exit code 137 OOMKilled", "this")]),
        (ENDED_AGAIN, [("m", "ended with exit code 137 OOMKilled", "this")]),
        (UNREADY, [("m", "runs and is not ready", "this")]),
        (READY, []),
        (STARTING, []),
    ],
)
def test_trouble_of_a_container(container: Any, expected: list[tuple[str, str, str]]) -> None:
    """What is wrong is named, with the log that tells of it; a container that is well is not."""
    assert list(explain.trouble({"status": {"containerStatuses": [container]}})) == expected


GONE = "unable to retrieve container logs for containerd://37b606e9"
UNLINKED = 'failed to try resolving symlinks in path "/var/log/pods/crash/m/3.log": no such file or directory'
REFUSED = OSError("HTTP Error 400: Bad Request")


@pytest.mark.parametrize(
    ("which", "answers", "expected"),
    [
        ("last", {"last": ["words"], "this": []}, "words"),
        ("last", {"last": [GONE], "this": ["words"]}, "words"),
        ("this", {"last": ["words"], "this": [UNLINKED]}, "words"),
        ("last", {"last": [UNLINKED, GONE, REFUSED], "this": [UNLINKED, GONE, "words"]}, "words"),
        ("last", {"last": [GONE, "words"], "this": [""]}, "words"),
        ("this", {"last": [], "this": [""]}, ""),
        ("last", {"last": [REFUSED] * 6, "this": [GONE] * 6}, f"(no log: {GONE})"),
    ],
)
def test_log_of_a_container_between_two_lives(
    monkeypatch: pytest.MonkeyPatch, which: str, answers: dict[str, list[Any]], expected: str
) -> None:
    """What the kubelet said of a container in a crash loop, seen every 50 ms: its words are found."""

    def api(path: str, *, previous: str, **_: str) -> str:
        assert path == "/pods/p/log"
        answer = answers["last" if previous == "true" else "this"].pop(0)
        if isinstance(answer, OSError):
            raise answer
        return str(answer)

    monkeypatch.setattr(explain, "api", api)
    monkeypatch.setattr(explain, "LOG_PAUSE", 0)
    assert explain.log_of("/pods/p", "m", which) == expected
    assert answers == {"last": [], "this": []}


def test_reasons_of_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong comes before what only waits for it; a pod on its way out has no say."""
    engine = {**UNREADY, "name": "seldon-container-engine"}
    pods = [
        {"metadata": {"name": "old", "deletionTimestamp": "now"}, "status": {"containerStatuses": [ENDED]}},
        {"metadata": {"name": "new"}, "status": {"containerStatuses": [engine, READY, CRASH]}},
    ]

    def api(path: str, **query: str) -> str:
        if path.endswith("/pods"):
            assert query == {"labelSelector": "seldon-deployment-id=ab"}
            return json.dumps({"items": pods})
        assert path == "/api/v1/namespaces/here/pods/new/log"
        return "Traceback\nValueError\n" if query["container"] == "m" else "waiting for m\n"

    monkeypatch.setattr(explain, "api", api)
    assert list(explain.reasons("ab", "here")) == [
        "new m: CrashLoopBackOff: back-off 20s (exit code 1 Error)",
        "    Traceback",
        "    ValueError",
        "new seldon-container-engine: runs and is not ready",
        "    waiting for m",
    ]


def test_trouble_of_a_pod_without_a_place() -> None:
    """A pod that no node takes says why, though it has no containers yet."""
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "Insufficient cpu",
    }
    assert list(explain.trouble({"status": {"conditions": [condition]}})) == [
        ("", "Unschedulable: Insufficient cpu", "")
    ]


@pytest.mark.parametrize(
    ("on_failure", "verified_before", "put_back"),
    [("rollback", True, True), ("rollback", False, False), ("keep", True, False)],
)
def test_what_is_put_back(tmp_path: Path, on_failure: str, verified_before: bool, put_back: bool) -> None:
    """The last verified manifest, if so asked and if there is one."""
    last_good, out = tmp_path / "mnist-ab.yaml", tmp_path / "out"
    if verified_before:
        last_good.write_text("kind: SeldonDeployment\n")
    environ = {"DEPLOYMENT": "mnist-ab", "ON_FAILURE": on_failure}
    explain.main({**environ, "LAST_GOOD": str(last_good), "OUTPUTS": str(out)})
    assert (out / "rollback").read_text() == str(put_back).lower()
    assert (out / "manifest").read_text() == ("kind: SeldonDeployment\n" if put_back else "{}")
    assert (out / "reason").read_text()
