"""A Workflow or Job that a resource template makes in, a run of its own out: it outlives its maker.

Each is run by a process of its own, `argolane run`, and its status is read from its record. A Job becomes a
workflow of as many pods as it has completions.
"""

import contextlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError
from argolane.manifest import dump
from argolane.project import Project
from argolane.workflow.local import control
from argolane.workflow.local.resources import jobs
from argolane.workflow.run.record import Record
from argolane.workflow.run.status import is_over

KINDS = ("Workflow", "Job")
ACTIONS = ("create", "apply", "get", "delete")
_PATIENCE, _LOOK = 60.0, 0.1
_STARTED = ("Pod", "HTTP")


class Runs:
    """`others` are templates that a Workflow may refer to, `folder` is for its manifest and its log."""

    def __init__(self, project: Project, others: Sequence[Mapping[str, Any]], folder: Path) -> None:
        self._project, self._others, self._folder = project, others, folder

    def create(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Start it; ArgolaneError with what the runner refuses."""
        kind, name = str(wanted["kind"]), str(wanted["metadata"]["name"])
        workflow = jobs.workflow(wanted) if kind == "Job" else dict(wanted)
        self._folder.mkdir(parents=True, exist_ok=True)
        file, log = self._folder / f"{name}.yaml", self._folder / f"{name}.log"
        file.write_text(dump([workflow, *map(dict, self._others)]), encoding="utf-8")
        images = ("--images", self._project.settings.images)
        command = [
            sys.executable,
            "-P",
            "-m",
            "argolane",
            "run",
            str(file),
            "--name",
            _run(kind, name),
            *images,
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=self._project.root, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        # It outlives this process; while that is there, somebody takes note of its end.
        threading.Thread(target=process.wait, name=f"run {name}", daemon=True).start()
        until = time.monotonic() + _PATIENCE
        while (found := self.get(kind, name)) is None:
            if process.poll() is not None or time.monotonic() > until:
                said = log.read_text(encoding="utf-8", errors="replace").strip()
                raise ArgolaneError(f"{kind} {name!r} does not start: {said[-1000:]}")
            time.sleep(_LOOK)
        return found

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        """The object with its status, None where there is no such run."""
        record = Record(self._project.runs / _run(kind, name))
        if not (record.folder / "status.json").is_file():
            return None
        submission, status = record.read_submission(), record.read_status()
        if not is_over(status) and not record.has_runner and not is_over(status := record.read_status()):
            status = {**status, "phase": "Error", "message": "it has no runner any more"}
        if kind == "Job":
            return jobs.seen(submission, status)
        nodes = [n for n in (status.get("nodes") or {}).values() if n.get("type") in _STARTED]
        over = sum(node.get("phase") == "Succeeded" for node in nodes)
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": kind,
            "metadata": {**submission["metadata"], "name": name, "uid": submission["uid"]},
            "spec": submission["spec"],
            "status": {**status, "progress": f"{over}/{len(nodes)}"},
        }

    def delete(self, kind: str, name: str) -> None:
        """End it, and remove its record."""
        record = Record(self._project.runs / _run(kind, name))
        with contextlib.suppress(ArgolaneError):
            control.stop(self._project, record.folder.name, terminate=True)
        until = time.monotonic() + _PATIENCE
        while record.has_runner and time.monotonic() < until:
            time.sleep(_LOOK)
        shutil.rmtree(record.folder, ignore_errors=True)


def _run(kind: str, name: str) -> str:
    """The run's name: a Job and a Workflow may have the same."""
    return f"job-{name}" if kind == "Job" else name
