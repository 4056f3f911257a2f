"""Why a rollout failed, and what is put back; the states of pods are such as a cluster gave."""

import json
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

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


ENGINE = {**UNREADY, "name": "seldon-container-engine"}
READY_CHECK = json.dumps(
    {
        "level": "error", "ts": 1.0, "logger": "SeldonRestApi", "msg": "Ready check failed",
        "error": "dial tcp [::1]:9000: connect: connection refused",
        "stacktrace": "github.com/seldonio/executor/api/rest.Ready\n\t/workspace/server.go:1\n" * 40,
    }
)  # fmt: skip
TRACEBACK = "\n".join([*(f'  File "m.py", line {n}' for n in range(30)), "ValueError: no weights"])


class Cluster:
    """An API server that knows one deployment and its pods; `refusal` is its answer to a change."""

    def __init__(self, status: Any, *pods: Any, refusal: tuple[int, str] | None = None) -> None:
        self.status, self.refusal = status, refusal
        self.pods = [
            {"metadata": {"name": f"p{n}"}, "status": {"containerStatuses": c}} for n, c in enumerate(pods)
        ]

    def __call__(self, path: str, *, patch: bytes | None = None, **query: str) -> str:
        if path.endswith("/seldondeployments/ab"):
            if self.status is None:
                raise HTTPError(path, 404, "Not Found", Message(), BytesIO(b"not found"))
            if patch is not None and self.refusal:
                code, text = self.refusal
                assert query == {"dryRun": "All"}
                raise HTTPError(path, code, "refused", Message(), BytesIO(text.encode()))
            return json.dumps({"status": self.status})
        if path.endswith("/pods"):
            assert query == {"labelSelector": "seldon-deployment-id=ab"}
            return json.dumps({"items": self.pods})
        return f"{READY_CHECK}\n" * 20 if "engine" in query["container"] else TRACEBACK

    def said(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(explain, "api", self)
        return explain.reasons("ab", "here")


def test_reasons_of_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is told, what only waits for it is not; a pod on its way out has no say."""
    cluster = Cluster({"state": "Creating"}, [ENDED], [ENGINE, READY, CRASH])
    cluster.pods[0]["metadata"]["deletionTimestamp"] = "now"
    said = cluster.said(monkeypatch)
    assert said[0] == "p1 m: CrashLoopBackOff: back-off 20s (exit code 1 Error)"
    assert said[-1] == "    ValueError: no weights"
    assert not any("engine" in line for line in said)


def test_ready_check_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the executor writes every few seconds, with a stack of 40 calls, is its words, once."""
    said = Cluster({"state": "Creating"}, [ENGINE, READY]).said(monkeypatch)
    assert said == [
        "p0 seldon-container-engine: runs and is not ready",
        "    Ready check failed: dial tcp [::1]:9000: connect: connection refused",
    ]


def test_stack_of_a_panic_is_left_out() -> None:
    """Of a panic in Go the words stay, and of Python all that a person reads."""
    panic = "panic: runtime error: index out of range [3]\n\ngoroutine 7 [running]:\n"
    panic += "main.route(0x1, 0x2)\n\t/workspace/main.go:77 +0x1d\ncreated by main.main\n"
    assert explain.told(panic) == ["panic: runtime error: index out of range [3]"]
    assert explain.told(TRACEBACK) == TRACEBACK.splitlines()
    assert explain.told("x" * 1000) == ["x" * explain.WIDE + "..."]


@pytest.mark.parametrize("pods", [1, 2, 3, 7])
def test_ten_lines_whatever_is_wrong(monkeypatch: pytest.MonkeyPatch, pods: int) -> None:
    """However many pods are in trouble, with what is put back it is ten lines, and the count is told."""
    status = {"state": "Failed", "description": "Deployment is no longer progressing and not available."}
    said = Cluster(status, *[[CRASH]] * pods).said(monkeypatch)
    assert len(said) < explain.LINES
    assert said[0] == f"SeldonDeployment ab is Failed: {status['description']}"
    assert sum("CrashLoopBackOff" in line for line in said) == min(pods, explain.CAUSES)
    assert (said[-1] == "and 4 more") == (pods == 7)
    assert "    ValueError: no weights" in said


WEBHOOK = (
    'Internal error occurred: failed calling webhook "v1.vseldondeployment.kb.io": no endpoints available'
)


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        (Cluster({"state": "Available"}, [READY], refusal=(500, WEBHOOK)), "its webhook does not answer"),
        (Cluster({}, [READY]), "Seldon's controller has not looked at ab. Is it running?"),
        (Cluster(None), "There is no SeldonDeployment ab: it was not taken"),
    ],
)
def test_a_controller_that_is_away_is_told(
    monkeypatch: pytest.MonkeyPatch, cluster: Cluster, words: str
) -> None:
    """A webhook that does not answer, a deployment that nobody looked at, one that is not there."""
    (said,) = cluster.said(monkeypatch)
    assert words in said


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


STUCK = {
    "type": "Progressing",
    "status": "False",
    "reason": "ProgressDeadlineExceeded",
    "message": 'ReplicaSet "score-1" has timed out progressing.',
}
UP = {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable", "message": "up"}
QUOTA = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([UP], []),
        (
            [UP, STUCK],
            ['Deployment d: ProgressDeadlineExceeded: ReplicaSet "score-1" has timed out progressing.'],
        ),
        ([QUOTA, UP], ["Deployment d: FailedCreate: exceeded quota"]),
        (None, ["There is no Deployment d: it was not taken; see the message of deploy."]),
    ],
)
def test_what_a_plain_deployment_says(
    monkeypatch: pytest.MonkeyPatch, conditions: Any, expected: list[str]
) -> None:
    """Its own conditions are told, then its pods, which its selector finds."""

    def api(path: str, **query: str) -> str:
        if path == "/apis/apps/v1/namespaces/here/deployments/d":
            if conditions is None:
                raise HTTPError(path, 404, "Not Found", Message(), BytesIO(b"not found"))
            return json.dumps({"status": {"conditions": conditions}})
        assert (path, query) == ("/api/v1/namespaces/here/pods", {"labelSelector": "name=d"})
        pod = {"metadata": {"name": "p"}, "status": {"containerStatuses": [PULL]}}
        return json.dumps({"items": [pod]})

    monkeypatch.setattr(explain, "api", api)
    said = explain.reasons("d", "here", kind="Deployment", selector="name=d")
    assert said == [*expected, 'p m: ImagePullBackOff: Back-off pulling image "nothing:1"']


@pytest.mark.parametrize(
    ("on_failure", "verified_before", "put_back"),
    [("rollback", True, True), ("rollback", False, False), ("keep", True, False)],
)
def test_what_is_put_back(tmp_path: Path, on_failure: str, verified_before: bool, put_back: bool) -> None:
    """The last verified manifest, if so asked and if there is one."""
    last_good, out = tmp_path / "mnist-ab.yaml", tmp_path / "out"
    if verified_before:
        last_good.write_text("kind: SeldonDeployment\n")
    environ = {
        "DEPLOYMENT": "mnist-ab",
        "ON_FAILURE": on_failure,
        "KIND": "SeldonDeployment",
        "SELECTOR": "a=b",
    }
    explain.main({**environ, "LAST_GOOD": str(last_good), "OUTPUTS": str(out)})
    assert (out / "rollback").read_text() == str(put_back).lower()
    assert (out / "manifest").read_text() == ("kind: SeldonDeployment\n" if put_back else "{}")
    assert (out / "reason").read_text()
