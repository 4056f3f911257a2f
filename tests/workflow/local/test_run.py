"""What a run leaves behind, and what a container sees of the machine."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.workflow import local
from tests.workflow.local.conftest import RunText, document, nodes

ONE = """
entrypoint: main
arguments: {parameters: [{name: word, value: hello}]}
templates:
- name: main
  outputs: {parameters: [{name: o, valueFrom: {path: /tmp/o}}]}
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo {{workflow.parameters.word}}; echo said >&2; echo out > /tmp/o"]
"""


def test_a_run_leaves_its_record(run: RunText, project: Project) -> None:
    """The folder holds the merged workflow, Argo's status and the logs, with both streams in their order."""
    result = run(ONE, {"word": "good"}, name="first")
    assert result.phase == "Succeeded"
    assert result.folder == project.runs / "first"
    status = json.loads((result.folder / "status.json").read_text())
    assert status == result.status
    assert status["phase"] == "Succeeded"
    assert status["progress"] == "1/1"
    node = status["nodes"]["first"]
    assert node["outputs"]["parameters"][0]["value"] == "out"
    assert (result.folder / "logs" / "first.txt").read_text() == "good\nsaid\n"
    assert "word" in (result.folder / "workflow.yaml").read_text()


def test_a_name_is_taken_once(run: RunText) -> None:
    """A second run of the same name is refused; without a name each run gets five characters of its own."""
    run(ONE, name="twice")
    with pytest.raises(ArgolaneError, match="There is a run 'twice' already"):
        run(ONE, name="twice")
    one, other = run(ONE).name, run(ONE).name
    assert one != other
    assert len(one) == len("test-") + 5


def test_the_shells_environment_stays_outside(run: RunText, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's environment is its image's and its own, not that of whoever runs argolane."""
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    result = run(
        """
entrypoint: main
templates:
- name: main
  container:
    image: python:3.11-slim
    env: [{name: OWN, value: mine}]
    command: [sh, -c, 'test -z "$SECRET_OF_THE_SHELL" && test "$OWN" = mine']
"""
    )
    assert result.phase == "Succeeded", result.message


def test_observers_hear_every_node_and_every_byte(project: Project) -> None:
    """Events say how nodes change and what containers print, byte for byte."""
    events: list[local.Event] = []
    local.run(project, document(ONE), name="watched", observe=events.append)
    phases = [e.node["phase"] for e in events if isinstance(e, local.NodeChanged)]
    assert phases[-1] == "Succeeded"
    printed = {
        stream: b"".join(e.data for e in events if isinstance(e, local.Printed) and e.stream == stream)
        for stream in ("stdout", "stderr")
    }
    assert printed == {"stdout": b"hello\n", "stderr": b"said\n"}
    assert isinstance(events[-1], local.RunChanged)
    assert events[-1].phase == "Succeeded"


def test_two_runs_at_once_do_not_disturb_each_other(run: RunText) -> None:
    """Runs of one project side by side keep their own names, nodes and values."""
    found: dict[str, Any] = {}

    def start(word: str) -> None:
        found[word] = run(ONE, {"word": word})

    threads = [threading.Thread(target=start, args=(word,)) for word in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for word, result in found.items():
        (log,) = (result.folder / "logs").iterdir()
        assert log.read_text().splitlines()[0] == word


def test_status_is_whole_at_every_moment(project: Project) -> None:
    """Whoever reads status.json while the run goes on reads a complete document."""
    seen = 0
    over = threading.Event()

    def read() -> None:
        nonlocal seen
        while not over.is_set():
            for file in project.runs.glob("*/status.json"):
                assert "nodes" in json.loads(file.read_text())
                seen += 1

    reader = threading.Thread(target=read)
    reader.start()
    spec = """
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {name: a, template: work, withSequence: {count: "20"}}
- name: work
  container: {image: "python:3.11-slim", command: ["true"]}
"""
    result = local.run(project, document(spec))
    over.set()
    reader.join()
    assert result.phase == "Succeeded"
    assert seen > 0


def test_claims_live_on_and_templates_of_claims_do_not(run: RunText, project: Project) -> None:
    """A named claim keeps its files for the next run; a volumeClaimTemplate's go when the run succeeded."""
    spec = """
entrypoint: main
volumes: [{name: store, persistentVolumeClaim: {claimName: shared}}]
volumeClaimTemplates: [{metadata: {name: work}, spec: {}}]
templates:
- name: main
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo x >> /store/f; echo y > /work/g; cat /store/f"]
    volumeMounts: [{name: store, mountPath: /store}, {name: work, mountPath: /work}]
"""
    run(spec)
    result = run(spec)
    assert (project.state / "volumes" / "shared" / "f").read_text() == "x\nx\n"
    assert result.folder is not None
    assert not (result.folder / "volumes").exists()


def test_output_files_may_lie_anywhere(run: RunText) -> None:
    """The whole root folder can be written to, as in a pod, and nothing of it stays on this machine."""
    result = run(
        """
entrypoint: main
templates:
- name: main
  outputs:
    parameters:
    - {name: a, valueFrom: {path: /top.txt}}
    - {name: b, valueFrom: {path: /some/new/place/b}}
    - {name: c, valueFrom: {path: /etc/argolane-test, default: none}}
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo 1 > /top.txt; mkdir -p /some/new/place; echo 2 > /some/new/place/b"]
"""
    )
    (node,) = nodes(result).values()
    assert node["phase"] == "Succeeded", node
    assert [p["value"] for p in node["outputs"]["parameters"]] == ["1", "2", "none"]
    assert not Path("/top.txt").exists()


def test_a_missing_secret_is_named(run: RunText) -> None:
    """A Secret that is not there ends the node with its name and the place where it would lie."""
    result = run(
        """
entrypoint: main
templates:
- name: main
  container:
    image: python:3.11-slim
    command: ["true"]
    env: [{name: T, valueFrom: {secretKeyRef: {name: token, key: t}}}]
"""
    )
    assert result.phase == "Error"
    assert "Secret 'token' not found" in result.message
