"""A project in, its recorded runs out: found by name, by their workflow, or the latest."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, ManifestError, unknown
from argolane.kubernetes.times import rfc3339
from argolane.manifest import load
from argolane.project import Project
from argolane.workflow.run.record import Record, safe
from argolane.workflow.run.result import Run, values_of, workflow_of
from argolane.workflow.run.status import is_over


@dataclass(frozen=True)
class RunFolder:
    """`<name>/{workflow.yaml, status.json, logs/, volumes/, outputs/}`."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def record(self) -> Record:
        return Record(self.path)

    @cached_property
    def status(self) -> dict[str, Any]:
        """Argo's `.status`, as it was when first asked: Error for a run that goes on in no process."""
        # In this order: a runner writes the end of a run before it lets go of it.
        runs = self.record.has_runner
        status = self._read()
        return status if runs or is_over(status) else _left_alone(self.name, status, self._last_sign())

    def _read(self) -> dict[str, Any]:
        file = self.path / "status.json"
        try:
            return self.record.read_status() if file.exists() else {"phase": "Pending", "nodes": {}}
        except ArgolaneError as error:
            raise ArgolaneError(f"{error} Go on with: argolane retry {self.name}") from None

    def as_run(self) -> Run:
        """How it stands, for a list of runs: a record that is broken says so, and hides no other."""
        try:
            status = self.status
        except ArgolaneError as error:
            return Run(self.name, "Error", str(error), {}, self.path)
        phase, message = str(status.get("phase") or "Pending"), str(status.get("message") or "")
        given = self._submission
        metadata, spec = given.get("metadata") or {}, given.get("spec") or {}
        return Run(
            self.name, phase, message, status, self.path, changed=dict(given.get("changed") or {}),
            workflow=workflow_of(self.name, metadata, spec), values=values_of(spec),
        )  # fmt: skip

    @cached_property
    def _submission(self) -> dict[str, Any]:
        try:
            return self.record.read_submission()
        except ArgolaneError:
            return {}

    @cached_property
    def workflow(self) -> dict[str, Any]:
        """The Workflow as it was run; empty when its runner was killed before it had written it."""
        file = self.path / "workflow.yaml"
        return load(file)[0].body if file.is_file() else {}

    def _last_sign(self) -> float:
        """When something of it was last written."""
        files = [self.path / "submission.json", self.path / "status.json", *self.path.glob("logs/*")]
        return max((file.stat().st_mtime for file in files if file.is_file()), default=0.0)

    def log(self, path: str) -> Path:
        """What the main container of the node at `path` (as `tree.walk` gives it) printed."""
        return self.path / "logs" / f"{safe(path)}.txt"

    @property
    def workflow_name(self) -> str:
        """The name it was started by: that of the template, or generateName without its dash."""
        try:
            workflow = self.workflow
        except ManifestError:
            return self.name  # It is broken: no reason not to find another run.
        return workflow_of(self.name, workflow.get("metadata") or {}, workflow.get("spec") or {})


def _left_alone(name: str, status: dict[str, Any], last_sign: float) -> dict[str, Any]:
    """What there is to see of a run whose runner was killed: its clocks stand still."""
    ended = rfc3339(last_sign)
    message = f"It has no runner: that was killed, or the machine was. Go on with: argolane retry {name}"

    def stopped(node: dict[str, Any]) -> dict[str, Any]:
        if not node.get("startedAt") or node.get("finishedAt"):
            return node
        said = "its runner has ended" if node.get("boundaryID") else message
        return {**node, "phase": "Error", "finishedAt": ended, "message": said}

    nodes = {key: stopped(node) for key, node in (status.get("nodes") or {}).items()}
    return {**status, "phase": "Error", "finishedAt": ended, "message": message, "nodes": nodes}


def every(project: Project) -> list[RunFolder]:
    """All runs, the latest first."""
    started = {path.parent: path.stat().st_mtime for path in project.runs.glob("*/submission.json")}
    return [RunFolder(path) for path in sorted(started, key=lambda p: started[p], reverse=True)]


def find(project: Project, name: str | None = None) -> RunFolder:
    """The run of that name, else the latest run of the workflow of that name, else (None) the latest run."""
    runs = every(project)
    if not runs and name is None:
        raise ArgolaneError(f"There is no run in {project.runs}. Start one: argolane run NAME")
    if name is None:
        return runs[0]
    for run in runs:
        if run.name == name:
            return run
    # A run's workflow is a file to read: no further than the latest that matches.
    for run in runs:
        if run.workflow_name == name:
            return run
    raise _none(project, name, runs)


def named(project: Project, name: str) -> RunFolder:
    """The run of exactly that name."""
    runs = every(project)
    for run in runs:
        if run.name == name:
            return run
    raise _none(project, name, runs)


def _none(project: Project, name: str, runs: list[RunFolder]) -> ArgolaneError:
    if on_cluster(project, name):
        return ArgolaneError(
            f"Run {name!r} was one on a cluster: see it with `argolane get {name} --on argo`; "
            f"`argo retry`, `argo stop` and `argo resume` steer it there."
        )
    return ArgolaneError(unknown("run", name, [run.name for run in runs]))


def on_cluster(project: Project, name: str) -> bool:
    """Whether the folder of that name is what was kept of a run on a cluster."""
    folder = project.runs / name
    local = (folder / "submission.json").is_file()
    return folder.parent == project.runs and (folder / "workflow.yaml").is_file() and not local


def kept(project: Project, name: str | None = None) -> list[Run]:
    """What was kept here of runs on a cluster that ended, or of the one of that name; the latest first."""
    files = {
        path: path.stat().st_mtime
        for path in project.runs.glob("*/status.json")
        if name in (None, path.parent.name) and on_cluster(project, path.parent.name)
    }
    runs = (_kept(RunFolder(path.parent)) for path in sorted(files, key=lambda p: files[p], reverse=True))
    return [run for run in runs if run]


def _kept(folder: RunFolder) -> Run | None:
    try:
        status, body = folder.record.read_status(), folder.workflow
    except ArgolaneError:
        return None
    if not is_over(status):
        return None
    metadata, spec = body.get("metadata") or {}, body.get("spec") or {}
    stored = status.get("storedWorkflowTemplateSpec") or {}
    return Run(
        folder.name, str(status["phase"]), str(status.get("message") or ""), status, folder.path,
        namespace=str(metadata.get("namespace") or ""), workflow=workflow_of(folder.name, metadata, spec),
        values=values_of(stored) | values_of(spec),
    )  # fmt: skip


def tail(file: Path, most: int) -> str:
    """The last `most` bytes of a log as text; '' when there is no such file."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - most))
            return log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
