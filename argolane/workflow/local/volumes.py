"""A run's or the project's own volumes in, what lies in them out: `argolane volume` on this machine."""

from collections.abc import Iterator
from pathlib import Path

from argolane.errors import ArgolaneError, unknown
from argolane.project import Project
from argolane.workflow.run import recorded
from argolane.workflow.run.volumes import Entry, Target, in_order, is_a_folder, leads_out

_PIECE = 1 << 20


def every(project: Project) -> list[str]:
    """What a target may begin with: the project's claims, then `RUN:VOLUME` of runs, the latest first."""
    claims = [path.name for path in _folders(project.claims)]
    runs = [
        f"{run.name}:{path.name}"
        for run in recorded.every(project)
        for path in _folders(run.path / "volumes")
    ]
    return claims + runs


def ls(project: Project, target: Target) -> list[Entry]:
    """A folder's entries, folders first; a file is its own entry."""
    path = _find(project, target)
    if path.is_file():
        return [Entry(path.name, path.stat().st_size)]
    return in_order(
        Entry(each.name, None if each.is_dir() else each.lstat().st_size) for each in path.iterdir()
    )


def cat(project: Project, target: Target) -> Iterator[bytes]:
    """A file, piece by piece."""
    path = _find(project, target)
    if path.is_dir():
        raise is_a_folder(target)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _find(project: Project, target: Target) -> Path:
    root = _root(project, target.name)
    path = root / target.path
    if not path.resolve().is_relative_to(root.resolve()):
        raise leads_out(target)
    if not path.exists():
        above = path
        while not above.exists():
            above = above.parent
        # A run that has no volume of its own has no folder of them either.
        names = (
            [each.name for each in above.iterdir()] if above.is_dir() and above.is_relative_to(root) else []
        )
        where = f"{Target(target.name, '' if above == root else str(above.relative_to(root)))}: "
        raise ArgolaneError(unknown("file or folder", path.relative_to(above).parts[0], names, where=where))
    return path


def _root(project: Project, name: str) -> Path:
    """The folder of a run's volumes or of a claim; the run goes first, then a workflow's latest."""
    runs = recorded.every(project)
    claims = {path.name: path for path in _folders(project.claims)}
    if name in claims and all(run.name != name for run in runs):
        return claims[name]
    run = next((run for run in runs if run.name == name), None)
    run = run or next((run for run in runs if run.workflow_name == name), None)
    if run is None:
        raise ArgolaneError(unknown("run or claim", name, {*claims, *(run.name for run in runs)}))
    volumes = run.path / "volumes"
    if not volumes.is_dir():
        raise ArgolaneError(f"Run {run.name!r} has no volume of its own; claims are: {', '.join(claims)}.")
    return volumes


def _folders(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []
