"""What `delete` was asked for in, the runs and deployments that are gone out."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argolane.cli import show
from argolane.disk import shown
from argolane.errors import ArgolaneError, UsageError
from argolane.project import Project
from argolane.workflow.run import recorded
from argolane.workflow.run.result import Run
from argolane.workflow.run.status import is_over

_AGE = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def age(text: str) -> timedelta:
    """`7d` as a length of time; UsageError for what is none."""
    match = _AGE.fullmatch(text)
    if match is None:
        raise UsageError(f"--older-than {text}: expected a number and m, h, d or w, such as 7d.")
    return int(match[1]) * _UNITS[match[2]]


def unused(older_than: str, everything: bool) -> float:
    """The seconds that something must not have been used for to be pruned."""
    return 0.0 if everything else age(older_than).total_seconds()


def run(project: Project, name: str, *, namespace: str | None) -> None:
    """Remove a run's record; one that still goes on is refused here, and ended on a cluster."""
    if namespace is not None:
        from argolane.workflow import cluster

        cluster.delete(name, namespace=namespace)
        return
    if recorded.on_cluster(project, name):
        _remove(project.runs / name)
        return
    folder = recorded.named(project, name)
    if folder.record.has_runner:
        raise UsageError(f"Run {name!r} is still going on. End it with: argolane stop {name}")
    from argolane.workflow import local

    local.at_deletion(folder.record)
    _remove(folder.path)


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:  # It knows a file's name, and not where that lies.
        raise ArgolaneError(f"{shown(folder)}: cannot be deleted: {error.strerror or error}.") from None


def runs(
    project: Project, *, namespace: str | None, older_than: timedelta | None, failed: bool
) -> Iterator[str]:
    """Remove the runs that are over and, where asked, are that old and have failed; yields each name."""
    for each in show.every(project, namespace=namespace):
        if _goes_on(project, each) or (failed and each.phase not in ("Failed", "Error")):
            continue
        if older_than is not None and _ended(each) > datetime.now(UTC) - older_than:
            continue
        try:
            run(project, each.name, namespace=namespace)
        except UsageError:
            continue  # A retry has taken it up in the meantime.
        yield each.name


def _goes_on(project: Project, each: Run) -> bool:
    if each.namespace is None:
        return recorded.named(project, each.name).record.has_runner
    return not is_over(each.status)


def _ended(each: Run) -> datetime:
    at = each.status.get("finishedAt") or each.status.get("startedAt")
    if at:
        return datetime.fromisoformat(str(at))
    if each.folder is None:
        raise ArgolaneError(f"Run {each.name!r} says no time.")
    return datetime.fromtimestamp(each.folder.stat().st_mtime, UTC)
