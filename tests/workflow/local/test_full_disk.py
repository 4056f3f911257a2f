"""A disk that is really full under a run: said in a line, nothing half written, lost or left running."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.local.conftest import HEAD

MEGABYTE = 1 << 20
SIZE = 24 * MEGABYTE
# /count lies on another disk: it knows what ran even when nothing can be written beside the run.
SPEC = """
entrypoint: main
volumes:
- {name: count, hostPath: {path: COUNT}}
- {name: data, persistentVolumeClaim: {claimName: data}}
templates:
- name: main
  dag:
    tasks:
    - {name: first, template: first}
    - {name: second, template: second, depends: first}
    - {name: slow, template: slow, depends: first, when: "SLOW"}
- name: first
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo first >> /count/ran"]
    volumeMounts: [{name: count, mountPath: /count}]
- name: second
  outputs: OUTPUTS
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo second >> /count/ran; test -e /count/go || SCRIPT; echo made > /tmp/made"]
    volumeMounts: [{name: count, mountPath: /count}, {name: data, mountPath: /data}]
- name: slow
  container:
    image: python:3.11-slim
    command: [sh, -c, "echo slow >> /count/ran; test -e /count/go || exec sleep 987.250"]
    volumeMounts: [{name: count, mountPath: /count}]
"""
ARTIFACT = "{artifacts: [{name: made, path: /tmp/made}]}"


@dataclass(frozen=True)
class Disk:
    """A small file system that holds a project; `enter` starts a command where it is mounted."""

    folder: Path
    inside: Path
    count: Path
    enter: tuple[str, ...]

    def command(self, *arguments: str) -> list[str]:
        return [*self.enter, "env", "-C", str(self.inside), sys.executable, "-m", "argolane", *arguments]

    def argolane(self, *arguments: str) -> str:
        """What a command that has to fail says."""
        return self._argolane(1, *arguments)

    def succeeds(self, *arguments: str) -> None:
        self._argolane(0, *arguments)

    def _argolane(self, code: int, *arguments: str) -> str:
        argv = self.command(*arguments)
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=180)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def write(self, script: str, *, outputs: str = "{}", slow: bool = False) -> None:
        spec = SPEC.replace("SCRIPT", script).replace("OUTPUTS", outputs).replace("COUNT", str(self.count))
        spec = spec.replace("SLOW", str(slow).lower())
        text = HEAD + "".join(f"  {line}\n" for line in spec.strip().splitlines())
        (self.folder / "wf.yaml").write_text(text)

    def fill(self, *, leave: int = 0) -> None:
        """Take all room but `leave` bytes."""
        filler = self.folder / "filler"
        with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        if leave:
            with filler.open("r+b") as file:
                file.truncate(filler.stat().st_size - leave)

    def free(self) -> None:
        (self.folder / "filler").unlink()

    def status(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / ".argolane/runs" / run / "status.json").read_text())
        return found

    def phases(self, run: str) -> dict[str, str]:
        nodes = self.status(run)["nodes"].values()
        return {node["displayName"]: node["phase"] for node in nodes if node["type"] == "Pod"}

    def ran(self) -> list[str]:
        file = self.count / "ran"
        return file.read_text().split() if file.exists() else []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mounted here by root, else in a user and mount namespace."""
    folder, count = tmp_path / "small", tmp_path / "count"
    folder.mkdir()
    count.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "argolane-test", str(folder)]
    if not subprocess.run(mount, capture_output=True, check=False).returncode:
        yield Disk(folder, folder, count, ())
        subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    script = '"$@" && echo mounted && exec sleep infinity'
    holder = subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", script, "sh", *mount],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert holder.stdout is not None
    try:
        if not holder.stdout.readline():
            pytest.skip("neither root nor a user namespace may mount a small file system here")
        enter = ("nsenter", "--preserve-credentials", "-U", "-m", "-t", str(holder.pid))
        yield Disk(Path(f"/proc/{holder.pid}/root{folder}"), folder, count, enter)
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_a_log_that_fills_the_disk_ends_the_run(disk: Disk) -> None:
    """The step that prints for ever is ended, the log named; a retry runs it again, and it alone."""
    disk.fill(leave=8 * MEGABYTE)
    disk.write("exec yes argolane-full-disk")
    said = disk.argolane("run", "wf.yaml", "--name", "x")
    log = ".argolane/runs/x/logs/second.txt"
    assert "x Error" in said
    assert f"The disk that holds {log} is full (No space left on device): free some space" in said
    assert "argolane retry x" in said
    assert not _running("argolane-full-disk")
    assert disk.status("x")["phase"] == "Error"
    assert disk.phases("x") == {"first": "Succeeded", "second": "Failed"}
    _goes_on(disk)


def test_a_step_that_fills_a_volume(disk: Disk) -> None:
    """The disk stays full after the step has failed: its end is recorded all the same."""
    disk.fill(leave=8 * MEGABYTE)
    disk.write("{ sleep 0.2; head -c 99999999 /dev/zero > /data/big; exit 3; }")
    said = disk.argolane("run", "wf.yaml", "--name", "x")
    assert "The disk that holds .argolane/" in said
    assert "is full (No space left on device): free some space" in said
    assert disk.status("x")["phase"] == "Error"
    assert disk.phases("x")["first"] == "Succeeded"
    assert disk.phases("x")["second"] == "Failed"
    _goes_on(disk)


def test_an_artifact_that_does_not_fit(disk: Disk) -> None:
    """A step whose output cannot be kept is in Error, with the place; nothing of the output stays."""
    disk.fill(leave=9 * MEGABYTE)
    disk.write("head -c 6000000 /dev/urandom > /tmp/made; test -e /count/go || exit 0", outputs=ARTIFACT)
    said = disk.argolane("run", "wf.yaml", "--name", "x")
    assert "wait: Error (exit code 64): The disk that holds .argolane/runs/x/outputs/second is full" in said
    assert disk.phases("x") == {"first": "Succeeded", "second": "Error"}
    kept = disk.folder / ".argolane/runs/x/outputs/second"
    assert not list(kept.iterdir())
    _goes_on(disk)


def test_a_record_that_cannot_be_written(disk: Disk) -> None:
    """Somebody else fills the disk: the run ends, and what had Succeeded by then is known to a retry."""
    disk.write("{ while ! test -e /count/full; do sleep 0.05; done; exit 0; }", slow=True)
    argv = disk.command("run", "wf.yaml", "--name", "x")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as runner:
        assert runner.stdout is not None
        going_on = {"first": "Succeeded", "second": "Running", "slow": "Running"}
        _wait(lambda: "slow" in disk.ran() and disk.phases("x") == going_on, alive=runner)
        disk.fill()
        (disk.count / "full").touch()
        said = runner.stdout.read()
    assert runner.returncode == 1, said
    assert "The disk that holds .argolane/runs/x is full" in said
    assert "Traceback" not in said
    assert not _running("987.250")
    assert disk.phases("x") == {"first": "Succeeded", "second": "Succeeded", "slow": "Failed"}
    said = disk.argolane("retry", "x")
    assert said == (
        "Error: The disk that holds .argolane/runs/x is full (No space left on device): free some space.\n"
    )
    disk.free()
    (disk.count / "go").touch()
    disk.succeeds("retry", "x")
    assert sorted(disk.ran()) == ["first", "second", "slow", "slow"]


def test_a_disk_full_from_the_start(disk: Disk) -> None:
    """One line says where and what to do, nothing of the run stays, and its name is free."""
    disk.write("true")
    disk.fill()
    said = disk.argolane("run", "wf.yaml", "--name", "x")
    assert said.count("\n") == 1
    assert said.startswith("Error: The disk that holds .argolane/runs/x is full (No space left on device): ")
    assert not (disk.folder / ".argolane/runs/x").exists()
    disk.free()
    disk.succeeds("run", "wf.yaml", "--name", "x")


def _goes_on(disk: Disk) -> None:
    """With room again, a retry runs what did not Succeed and nothing else."""
    disk.free()
    (disk.folder / ".argolane/volumes/data/big").unlink(missing_ok=True)
    (disk.count / "go").touch()
    disk.succeeds("retry", "x")
    assert disk.status("x")["phase"] == "Succeeded"
    assert disk.ran() == ["first", "second", "second"]


def _running(word: str) -> list[str]:
    """Processes with the word in their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = file.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if word in arguments:
            found.append(" ".join(arguments))
    return found


def _wait(until: Any, *, alive: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + 90
    while not until():
        assert alive is None or alive.poll() is None, "the runner has ended"
        assert time.monotonic() < deadline
        time.sleep(0.02)
