"""Features that the recorded cases leave open: artifacts, memory, locks between runs, orders from outside."""

import functools
import http.server
import json
import subprocess
import threading
import time
from pathlib import Path

import pytest

from argolane.containers import cgroups
from argolane.containers.cgroups import Limits
from argolane.errors import ArgolaneError
from argolane.kubernetes.objects import Objects
from argolane.project import Project, ProjectSettings
from argolane.workflow import local
from tests.workflow.local.conftest import RunText, document, nodes


def test_artifacts_travel_between_steps(run: RunText) -> None:
    """Files and folders that one step leaves are there for the next, which may change its own copy."""
    result = run(
        """
entrypoint: main
templates:
- name: main
  steps:
  - - {name: make, template: make}
  - - name: one
      template: use
      arguments: &handed {artifacts: [{name: d, from: "{{steps.make.outputs.artifacts.d}}"}]}
    - {name: two, template: use, arguments: *handed}
- name: make
  container:
    image: python:3.11-slim
    command: [sh, -c, "mkdir -p /tmp/d/e; echo x > /tmp/d/e/x"]
  outputs: {artifacts: [{name: d, path: /tmp/d}, {name: none, path: /tmp/none, optional: true}]}
- name: use
  inputs: {artifacts: [{name: d, path: /data/in}]}
  container: {image: "python:3.11-slim", command: [sh, -c, "test $(cat /data/in/e/x) = x && rm /data/in/e/x"]}
"""
    )
    assert result.phase == "Succeeded", nodes(result)


@pytest.mark.parametrize("when", ['"{{tasks.train.status}} == Succeeded"', '"false"', "'{{item}} == b'"])
def test_a_skipped_task_may_take_an_artifact_of_a_skipped_task(run: RunText, when: str) -> None:
    """Its artifacts are not looked for, in a loop neither."""
    loop = "withItems: [a]" if "item" in when else ""
    result = run(
        f"""
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {{name: train, template: make, when: "false"}}
    - name: use
      template: use
      depends: train || train.Skipped
      {loop or "hooks: {}"}
      when: {when}
      arguments: {{artifacts: [{{name: x, from: "{{{{tasks.train.outputs.artifacts.x}}}}"}}]}}
- name: make
  container: {{image: "python:3.11-slim", command: [sh, -c, "echo 1 > /tmp/x"]}}
  outputs: {{artifacts: [{{name: x, path: /tmp/x}}]}}
- name: use
  inputs: {{artifacts: [{{name: x, path: /tmp/x}}]}}
  container: {{image: "python:3.11-slim", command: [cat, /tmp/x]}}
"""
    )
    if loop:  # the item is not known yet when Argo looks for the artifact
        assert nodes(result)["use"]["phase"] == "Error"
    else:
        assert (result.phase, nodes(result)["use"]["phase"]) == ("Succeeded", "Skipped"), nodes(result)


def test_a_skipped_step_may_take_an_artifact_of_a_skipped_step(run: RunText) -> None:
    """In steps as in a DAG."""
    result = run(
        """
entrypoint: main
templates:
- name: main
  steps:
  - - {name: make, template: make, when: "false"}
  - - name: use
      template: use
      when: "'{{steps.make.status}}' == 'Succeeded'"
      arguments: {artifacts: [{name: x, from: "{{steps.make.outputs.artifacts.x}}"}]}
- name: make
  container: {image: "python:3.11-slim", command: [sh, -c, "echo 1 > /tmp/x"]}
  outputs: {artifacts: [{name: x, path: /tmp/x}]}
- name: use
  inputs: {artifacts: [{name: x, path: /tmp/x}]}
  container: {image: "python:3.11-slim", command: [cat, /tmp/x]}
"""
    )
    assert (result.phase, nodes(result)["use"]["phase"]) == ("Succeeded", "Skipped"), nodes(result)


def test_artifacts_of_every_archive(run: RunText) -> None:
    """none, tar and zip come out as they went in; a missing one that is not optional is an error."""
    archives = ["none: {}", "tar: {compressionLevel: 1}", "zip: {}"]
    outputs = ", ".join(
        f"{{name: a{i}, path: /tmp/{i}/f, archive: {{{kind}}}}}" for i, kind in enumerate(archives)
    ).replace("/tmp/2/f", "/tmp/2")  # Argo's zip holds folders only
    inputs = ", ".join(
        f"{{name: a{i}, path: /in/{i}, archive: {{{kind}}}}}" for i, kind in enumerate(archives)
    )
    handed = ", ".join(
        f'{{name: a{i}, from: "{{{{tasks.make.outputs.artifacts.a{i}}}}}", archive: {{{kind}}}}}'
        for i, kind in enumerate(archives)
    )
    result = run(
        f"""
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {{name: make, template: make}}
    - {{name: use, template: use, depends: make, arguments: {{artifacts: [{handed}]}}}}
- name: make
  container:
    image: python:3.11-slim
    command: [sh, -c, "cd /tmp; mkdir 0 1 2; echo content | tee 0/f 1/f 2/f"]
  outputs: {{artifacts: [{outputs}]}}
- name: use
  inputs: {{artifacts: [{inputs}]}}
  container: {{image: "python:3.11-slim", command: [sh, -c, "test $(cat /in/0 /in/1 /in/2/f | wc -l) = 3"]}}
"""
    )
    assert result.phase == "Succeeded", nodes(result)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (folder / "file").write_text("first\n")
    git("add", "file")
    git("commit", "-qm", "first")
    git("tag", "v1")
    (folder / "file").write_text("second\n")
    git("commit", "-qam", "second")
    return folder


@pytest.mark.parametrize(("revision", "content"), [("v1", "first"), ("main", "second"), ("", "second")])
def test_git_artifacts_are_cloned(run: RunText, repository: Path, revision: str, content: str) -> None:
    """A git artifact is a real clone at its revision: a tag, a branch, or what is checked out by default."""
    wanted = f', revision: "{revision}"' if revision else ""
    result = run(
        f"""
entrypoint: main
templates:
- name: main
  inputs: {{artifacts: [{{name: code, path: /src, git: {{repo: "file://{repository}"{wanted}}}}}]}}
  container: {{image: "python:3.11-slim", command: [grep, -x, {content}, /src/file]}}
"""
    )
    assert result.phase == "Succeeded", result.message


def test_a_bad_revision_is_named(run: RunText, repository: Path) -> None:
    """What git says about a revision that does not exist is the node's message."""
    result = run(
        f"""
entrypoint: main
templates:
- name: main
  inputs: {{artifacts: [{{name: code, path: /src, git: {{repo: "file://{repository}", revision: nowhere}}}}]}}
  container: {{image: "python:3.11-slim", command: ["true"]}}
"""
    )
    assert result.phase == "Error"
    assert "artifact code failed to load" in result.message
    assert "nowhere" in result.message


def test_http_artifacts(run: RunText, tmp_path: Path) -> None:
    """An http artifact is downloaded, from a server or from a file:// URL."""
    (tmp_path / "page").write_text("served")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            urls = (f"http://127.0.0.1:{server.server_port}/page", f"file://{tmp_path}/page")
            for url in urls:
                result = run(
                    f"""
entrypoint: main
templates:
- name: main
  inputs: {{artifacts: [{{name: f, path: /in/f, mode: 0o600, http: {{url: "{url}"}}}}]}}
  container: {{image: "python:3.11-slim", command: [grep, -x, served, /in/f]}}
"""
                )
                assert result.phase == "Succeeded", result.message
        finally:
            server.shutdown()
            thread.join()


MEMOIZED = """
entrypoint: main
volumes: [{name: w, persistentVolumeClaim: {claimName: w}}]
templates:
- name: main
  memoize: {key: "of-{{workflow.namespace}}", maxAge: 1h, cache: {configMap: {name: cache}}}
  outputs: {parameters: [{name: o, valueFrom: {path: /tmp/o}}]}
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo x >> /w/count; echo made > /tmp/o"]
    volumeMounts: [{name: w, mountPath: /w}]
"""


def test_memoized_outputs_come_from_the_cache(run: RunText, project: Project) -> None:
    """A step of a known key does not run again; its node says so and has the outputs of the first."""
    first, second = run(MEMOIZED), run(MEMOIZED)
    assert (project.state / "volumes/w/count").read_text() == "x\n"
    (one,), (other,) = nodes(first).values(), nodes(second).values()
    assert one["memoizationStatus"]["hit"] is False
    assert other["memoizationStatus"]["hit"] is True
    assert other["phase"] == "Succeeded"
    assert other["outputs"]["parameters"][0]["value"] == "made"
    assert Objects(project).get("ConfigMap", "cache") is not None


def test_a_semaphore_holds_between_runs(project: Project) -> None:
    """Two runs at once share a ConfigMap's limit of one: their steps never overlap."""
    Objects(project).put({"kind": "ConfigMap", "metadata": {"name": "limits"}, "data": {"k": "1"}}, 0)
    spec = """
entrypoint: main
volumes: [{name: w, persistentVolumeClaim: {claimName: w}}]
templates:
- name: main
  synchronization: {semaphores: [{configMapKeyRef: {name: limits, key: k}}]}
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo begin >> /w/log; sleep 0.3; echo end >> /w/log"]
    volumeMounts: [{name: w, mountPath: /w}]
"""
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(local.run(project, document(spec)))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.phase for result in found] == ["Succeeded", "Succeeded"]
    assert (project.state / "volumes/w/log").read_text() == "begin\nend\n" * 2


SUSPENDED = """
entrypoint: main
templates:
- name: main
  steps:
  - - {name: ask, template: ask}
  - - name: show
      template: show
      arguments: {parameters: [{name: v, value: "{{steps.ask.outputs.parameters.answer}}"}]}
- name: ask
  outputs: {parameters: [{name: answer, valueFrom: {supplied: {}}}]}
  suspend: {}
- name: show
  inputs: {parameters: [{name: v}]}
  suspend: {duration: "0"}
"""


def test_a_suspended_run_is_resumed_with_an_answer(project: Project) -> None:
    """resume lets a suspended node go on with the outputs it waited for; a wrong node's name is refused."""
    found = []
    thread = threading.Thread(
        target=lambda: found.append(local.run(project, document(SUSPENDED), name="asked"))
    )
    thread.start()
    status = project.runs / "asked" / "status.json"
    until = time.monotonic() + 10
    while not (status.exists() and '"Suspend", "phase": "Running"' in status.read_text()):
        assert time.monotonic() < until
        time.sleep(0.02)
    with pytest.raises(ArgolaneError, match=r"No suspended node 'asc'\. Did you mean 'ask'\?"):
        local.resume(project, "asked", node="asc")
    local.resume(project, "asked", node="ask", parameters={"answer": "42"})
    thread.join(timeout=10)
    (result,) = found
    assert result.phase == "Succeeded"
    assert nodes(result)["show"]["inputs"]["parameters"][0]["value"] == "42"


def test_resources_own_what_they_make(run: RunText, project: Project) -> None:
    """A ConfigMap made by a run is a JSON file that names its owner, and later steps mount it."""
    result = run(
        """
entrypoint: main
templates:
- name: main
  steps: [[{name: make, template: make}], [{name: use, template: use}]]
- name: make
  resource:
    action: create
    setOwnerReference: true
    successCondition: data.ready == true, data.size > 1
    failureCondition: data.broken
    manifest: |
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: made}
      data: {ready: "true", size: "2", file: text}
  outputs: {parameters: [{name: all, valueFrom: {jqFilter: '[.data | to_entries[] | .key] | join("-")'}}]}
- name: use
  volumes: [{name: c, configMap: {name: made}}]
  container:
    image: python:3.11-slim
    command: [sh, -c, "test $(cat /c/file) = text"]
    volumeMounts: [{name: c, mountPath: /c}]
"""
    )
    assert result.phase == "Succeeded", nodes(result)
    assert nodes(result)["make"]["outputs"]["parameters"][0]["value"] == "file-ready-size"
    made = json.loads((project.state / "objects/configmap/made.json").read_text())
    assert made["metadata"]["ownerReferences"][0]["name"] == result.name


@pytest.mark.parametrize("limits", [True, False])
def test_limits_hold_unless_the_project_says_that_they_do_not(tmp_path: Path, limits: bool) -> None:
    """A setting of argolane.toml."""
    if reason := cgroups.lacking(Limits(memory=1)):
        pytest.skip(reason)
    spec = """
entrypoint: main
templates:
- name: main
  container:
    image: python:3.11
    command: [python, -c, "held = bytearray(b'1') * (300 << 20)"]
    resources: {limits: {memory: 64Mi}}
"""
    run = local.run(Project(tmp_path, ProjectSettings(limits=limits)), document(spec))
    assert run.status["phase"] == ("Failed" if limits else "Succeeded")
