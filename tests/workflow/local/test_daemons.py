"""Daemons: what waits for one goes on when it is ready, they share no port, and none is left over."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from argolane.errors import NotSupportedLocally
from argolane.project import Project
from argolane.workflow import local
from argolane.workflow.run.events import NodeChanged
from tests.workflow.local.conftest import HEAD, RunText, document, nodes
from tests.workflow.local.test_survival import RUNNER

SERVER = """
- name: server
  daemon: true
  inputs: {parameters: [{name: word, value: word}]}
  container:
    image: python:3.11-slim
    command: [sh, -c]
    args:
    - mkdir /tmp/w; cd /tmp/w; echo {{inputs.parameters.word}} >index.html; exec python3 -m http.server 8642
    readinessProbe: {httpGet: {path: /, port: 8642}, periodSeconds: 1}
    resources: {requests: {cpu: "64"}}
- name: ask
  inputs: {parameters: [{name: ip}]}
  container:
    image: python:3.11-slim
    command: [python3, -c]
    args:
    - import urllib.request as u; print(u.urlopen('http://{{inputs.parameters.ip}}:8642/').read().decode())
    resources: {requests: {cpu: "1"}}
"""
TWO = """
entrypoint: main
templates:
- name: main
  dag:
    tasks:
    - {name: one, template: server, arguments: {parameters: [{name: word, value: first}]}}
    - {name: two, template: server, arguments: {parameters: [{name: word, value: second}]}}
    - name: ask-one
      template: ask
      depends: one && two
      arguments: {parameters: [{name: ip, value: "{{tasks.one.ip}}"}]}
    - name: ask-two
      template: ask
      depends: one && two
      arguments: {parameters: [{name: ip, value: "{{tasks.two.ip}}"}]}
    - name: read
      template: read
      depends: ask-one && ask-two
      arguments:
        parameters:
        - {name: v, value: "{{tasks.ask-one.outputs.result}} {{tasks.ask-two.outputs.result}}"}
- name: read
  inputs: {parameters: [{name: v}]}
  container: {image: "python:3.11-slim", command: [echo, "{{inputs.parameters.v}}"]}
"""
BESIDE = """
entrypoint: main
volumes: [{name: work, persistentVolumeClaim: {claimName: work}}]
templates:
- name: main
  steps:
  - - {name: server, template: server}
  - - {name: slow, template: slow}
  - - name: ask
      template: ask
      arguments: {parameters: [{name: ip, value: "{{steps.server.ip}}"}]}
- name: slow
  container:
    image: python:3.11-slim
    command: [sh, -c, "test -e /work/go || exec sleep 987.5"]
    volumeMounts: [{name: work, mountPath: /work}]
"""


def test_two_daemons_on_one_port(run: RunText) -> None:
    """Each has an address of its own, and what it asks of the machine is not kept from what waits for it."""
    result = run(TWO + SERVER)
    assert (result.phase, result.message) == ("Succeeded", "")
    found = nodes(result)
    assert found["read"]["inputs"]["parameters"][0]["value"].split() == ["first", "second"]
    assert found["one"]["podIP"] != found["two"]["podIP"]
    assert "daemoned" not in found["one"]
    assert _daemons() == []


def test_sidecars_and_downward_fields_of_a_daemon(run: RunText) -> None:
    """All its containers have its address, and it is ready when each of them is."""
    result = run("""
entrypoint: main
templates:
- name: main
  steps:
  - - {name: server, template: pair}
  - - name: ask
      template: ask
      arguments: {parameters: [{name: ip, value: "{{steps.server.ip}}"}]}
- name: pair
  daemon: true
  container:
    image: python:3.11-slim
    env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
    command: [sh, -c, "echo $IP >/shared/index.html; exec sleep 60"]
    volumeMounts: [{name: shared, mountPath: /shared}]
  sidecars:
  - name: web
    image: python:3.11-slim
    command: [sh, -c, "sleep 0.5; exec python3 -m http.server -d /shared 8642"]
    readinessProbe: {tcpSocket: {port: 8642}, periodSeconds: 1}
    volumeMounts: [{name: shared, mountPath: /shared}]
  volumes: [{name: shared, emptyDir: {}}]
- name: ask
  inputs: {parameters: [{name: ip}]}
  script:
    image: python:3.11-slim
    command: [python3]
    source: |
      import urllib.request
      said = urllib.request.urlopen("http://{{inputs.parameters.ip}}:8642/").read().decode().strip()
      assert said == "{{inputs.parameters.ip}}", said
""")
    assert (result.phase, result.message) == ("Succeeded", "")


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that runs BESIDE: its daemon is up, and a step sleeps."""
    manifest = tmp_path / "beside.yaml"
    text = (BESIDE + SERVER).strip()
    manifest.write_text(HEAD + "\n".join(f"  {line}" for line in text.split("\n")))
    process = subprocess.Popen([sys.executable, "-c", RUNNER, str(tmp_path), str(manifest)])
    _wait(lambda: _running(b"987.5") and _daemons())
    yield process
    process.kill()
    process.wait()


def test_a_killed_runner_leaves_no_daemon(runner: subprocess.Popen[bytes], project: Project) -> None:
    """Its daemons end with it, and a retry begins with a new one."""
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    _wait(lambda: not _daemons())
    (project.state / "volumes" / "work" / "go").touch()
    result = local.retry(project, "killed")
    assert (result.phase, result.message) == ("Succeeded", "")
    assert nodes(result)["ask"]["outputs"]["exitCode"] == "0"
    assert _daemons() == []


@pytest.mark.parametrize("terminate", [False, True])
def test_an_order_to_stop_ends_a_daemon(project: Project, terminate: bool) -> None:
    """The step that runs fails, and the daemon has Succeeded as with any other end of its template."""
    running = ("slow", "Running")

    def observe(event: local.Event) -> None:
        if isinstance(event, NodeChanged) and (event.node["displayName"], event.node["phase"]) == running:
            threading.Timer(0.3, lambda: local.stop(project, "stopped", terminate=terminate)).start()

    result = local.run(project, document(BESIDE + SERVER), name="stopped", observe=observe)
    assert result.phase == "Failed"
    assert nodes(result)["server"]["phase"] == "Succeeded"
    assert _daemons() == []


def test_what_is_no_program_is_no_daemon(project: Project) -> None:
    """A daemon of several containers is refused by name."""
    spec = """
entrypoint: main
templates:
- name: main
  daemon: true
  containerSet: {containers: [{name: main, image: "python:3.11-slim", command: ["true"]}]}
"""
    with pytest.raises(NotSupportedLocally, match=r"'spec\.templates\[0\]\.daemon'"):
        local.check(project, document(spec))


def _daemons() -> list[Path]:
    return _running(b"8642")


def _running(word: bytes) -> list[Path]:
    """Processes of which an argument is this word."""
    return [file for file in Path("/proc").glob("[0-9]*/cmdline") if word in _bytes(file).split(b"\0")]


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _wait(holds: object, seconds: float = 20) -> None:
    assert callable(holds)
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, os.getpid()
        time.sleep(0.05)
