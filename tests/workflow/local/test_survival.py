"""Runners that die or are stopped: nothing is lost, nothing is repeated, nothing is left running."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from argolane.cli import removal
from argolane.errors import ArgolaneError, UsageError
from argolane.project import Project
from argolane.workflow import local
from tests.workflow.local.conftest import HEAD, RunText, nodes

CHAIN = """
entrypoint: main
volumes: [{name: work, persistentVolumeClaim: {claimName: work}}]
templates:
- name: main
  dag:
    tasks:
    - {name: first, template: count, arguments: {parameters: [{name: word, value: first}]}}
    - {name: slow, template: slow, depends: first}
    - name: last
      template: last
      depends: slow
      arguments: {parameters: [{name: v, value: "{{tasks.first.outputs.result}}"}]}
- name: count
  inputs: {parameters: [{name: word}]}
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo {{inputs.parameters.word}} >> /work/count; echo result of first"]
    volumeMounts: [{name: work, mountPath: /work}]
- name: slow
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo slow >> /work/count; test -e /work/go || exec sleep 987.125"]
    volumeMounts: [{name: work, mountPath: /work}]
- name: last
  inputs: {parameters: [{name: v}]}
  container: {image: "python:3.11-slim", command: [echo, "{{inputs.parameters.v}}"]}
"""
RUNNER = """
import sys
from pathlib import Path
from argolane.manifest import load
from argolane.project import Project
from argolane.workflow import local
run = local.run(Project(Path(sys.argv[1])), load(Path(sys.argv[2]))[0], name="killed")
sys.exit(0 if run.phase == "Succeeded" else 1)
"""


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that runs CHAIN and has come to the step that sleeps."""
    manifest = tmp_path / "chain.yaml"
    manifest.write_text(HEAD + "\n".join(f"  {line}" for line in CHAIN.strip().split("\n")))
    process = subprocess.Popen([sys.executable, "-c", RUNNER, str(tmp_path), str(manifest)])
    _wait(lambda: "slow" in _read(tmp_path / ".argolane/volumes/work/count"), alive=process)
    yield process
    process.kill()
    process.wait()


def test_a_run_that_goes_on_is_not_deleted(runner: subprocess.Popen[bytes], project: Project) -> None:
    """`argolane delete run` says how to end it first."""
    _wait(lambda: (project.runs / "killed" / "workflow.yaml").exists(), alive=runner)
    with pytest.raises(UsageError, match="still going on"):
        removal.run(project, "killed", namespace=None)
    assert (project.runs / "killed" / "status.json").exists()


def test_after_sigkill_a_retry_goes_on(runner: subprocess.Popen[bytes], project: Project) -> None:
    """What Succeeded before the runner was killed is not run again, and its outputs are still there."""
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    _wait(lambda: not _sleepers())
    (project.state / "volumes" / "work" / "go").touch()
    result = local.retry(project, "killed")
    assert result.phase == "Succeeded", result
    assert _read(project.state / "volumes/work/count").split() == ["first", "slow", "slow"]
    assert nodes(result)["last"]["inputs"]["parameters"][0]["value"] == "result of first"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["get", "killed"], "⚠ killed"),
        (["get", "killed", "--watch"], "⚠ killed"),
        (["get", "runs"], "killed  Error"),
        (["logs", "killed", "-f"], "killed Error"),
        (["logs", "killed", "first", "-f"], "result of first"),
    ],
)
def test_a_run_without_a_runner_says_so_and_ends(
    runner: subprocess.Popen[bytes], tmp_path: Path, arguments: list[str], words: str
) -> None:
    """After SIGKILL nothing shows it as Running, waits for it or counts its seconds; retry is named."""
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    said, again = (_argolane(tmp_path, *arguments) for _ in range(2))
    assert words in said
    assert "has no runner" in said
    assert "argolane retry killed" in said
    assert "Running" not in said
    assert said == again


def test_the_report_of_a_run_without_a_runner(runner: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """It says so where a run's message stands, and no bar is of a task that goes on."""
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    page = Path(tmp_path, _argolane(tmp_path, "report", "killed").strip()).read_text()
    assert "has no runner" in page
    assert ">Running<" not in page


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_everything(
    runner: subprocess.Popen[bytes], project: Project, number: signal.Signals
) -> None:
    """Within ten seconds every process is gone and the record says how the run ended."""
    began = time.monotonic()
    runner.send_signal(number)
    assert runner.wait(timeout=10) == 1
    assert time.monotonic() - began < 10
    assert not _sleepers()
    status = json.loads((project.runs / "killed" / "status.json").read_text())
    assert status["phase"] == "Failed"
    assert status["message"] == "Stopped with strategy 'Terminate'"
    phases = {node["displayName"]: node["phase"] for node in status["nodes"].values()}
    assert phases["first"] == "Succeeded"
    assert phases["slow"] == "Failed"


def test_a_run_has_one_runner(runner: subprocess.Popen[bytes], project: Project) -> None:
    """A retry of a run that goes on is refused; stop ends it."""
    with pytest.raises(ArgolaneError, match="is being run by another process"):
        local.retry(project, "killed")
    assert local.is_running(project, "killed")
    local.stop(project, "killed")
    assert runner.wait(timeout=20) == 1
    assert not local.is_running(project, "killed")
    with pytest.raises(ArgolaneError, match="Run 'killed' is over: Failed"):
        local.stop(project, "killed")


def test_a_retry_repeats_only_what_failed(run: RunText, project: Project) -> None:
    """A task that Succeeded, in whatever branch, stays; one that failed and what follows it run."""
    spec = CHAIN.replace("exec sleep 987.125", "exit 1")
    assert run(spec, name="failed").phase == "Failed"
    (project.state / "volumes" / "work" / "go").touch()
    result = local.retry(project, "failed")
    assert result.phase == "Succeeded"
    assert _read(project.state / "volumes/work/count").split() == ["first", "slow", "slow"]
    with pytest.raises(ArgolaneError, match="nothing to retry"):
        local.retry(project, "failed")


def test_a_retry_starts_attempts_anew(run: RunText, project: Project) -> None:
    """Attempts of a step that used up its retries do not count in the next run."""
    result = run(
        """
entrypoint: main
volumes: [{name: work, persistentVolumeClaim: {claimName: work}}]
templates:
- name: main
  retryStrategy: {limit: 1}
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo x >> /work/count; test $(wc -l < /work/count) = 4"]
    volumeMounts: [{name: work, mountPath: /work}]
""",
        name="attempts",
    )
    assert result.phase == "Failed"
    result = local.retry(project, "attempts")
    assert result.phase == "Succeeded"
    assert len(result.status["nodes"]) == 3


def test_an_unknown_run_is_named(project: Project) -> None:
    """retry, stop and resume of a run that does not exist say which there are."""
    for action in (local.retry, local.stop, local.resume):
        with pytest.raises(ArgolaneError, match="No run 'nowhere'"):
            action(project, "nowhere")


def _argolane(folder: Path, *arguments: str) -> str:
    """What a command says, on stdout and stderr; it must end by itself."""
    done = subprocess.run(
        [sys.executable, "-m", "argolane", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20, check=True,
    )  # fmt: skip
    return done.stdout


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _wait(
    condition: Callable[[], object], seconds: float = 20, *, alive: subprocess.Popen[bytes] | None = None
) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert alive is None or alive.poll() is None, "the runner has ended"
        assert time.monotonic() < until, "timed out"
        time.sleep(0.02)


def _sleepers() -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"sleep\x00987.125" in command:
                found.append(folder.name)
    return found
