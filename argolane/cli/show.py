"""Runs in, text or drawings out: what `get` and `logs` show."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table

from argolane.errors import ArgolaneError, unknown
from argolane.project import Project
from argolane.workflow.run import recorded
from argolane.workflow.run.result import Run
from argolane.workflow.run.status import is_over
from argolane.workflow.run.tree import draw, duration, first_line, seconds, walk

Write = Callable[[str], None]
_LONGEST = 40  # characters of a parameter's value in a table


def run(project: Project, name: str | None, *, namespace: str | None) -> RenderableType:
    """One run as a tree."""
    found = find(project, name, namespace=namespace)
    took = seconds(found.status)
    head = f"{found.name}  {found.phase}" + (f"  {duration(took)}" if took is not None else "")
    return Group(head, draw(found.status, found.name), *_outputs(found.status))


def watch(project: Project, name: str | None, *, namespace: str | None) -> None:
    """Draw one run again and again until it ends; on a terminal in place."""
    found = find(project, name, namespace=namespace)
    with Live(console=Console(highlight=False, markup=False), auto_refresh=False) as live:
        while True:
            live.update(draw(found.status, found.name), refresh=True)
            if is_over(found.status):
                return
            time.sleep(0.5 if namespace is None else 2)
            found = find(project, found.name, namespace=namespace)


def every(project: Project, *, namespace: str | None) -> list[Run]:
    """Every run, the latest first."""
    if namespace is not None:
        from argolane.workflow import cluster

        return cluster.runs(namespace=namespace)
    return [folder.as_run() for folder in recorded.every(project)]


def runs(found: list[Run]) -> RenderableType | str:
    """A line each."""
    if not found:
        return "No runs."
    table = table_of("NAME", "PHASE", "STARTED", "TOOK", "METRIC", "PARAMETERS", "MESSAGE")
    for each in found:
        took = seconds(each.status)
        given = " ".join(f"{name}={short(value)}" for name, value in each.changed.items())
        table.add_row(
            each.name,
            each.phase,
            str(each.status.get("startedAt") or ""),
            duration(took) if took is not None else "",
            each.metric,
            given,
            first_line(each.message),
        )
    return table


def logs(
    project: Project,
    name: str | None,
    task: str | None,
    *,
    follow: bool,
    namespace: str | None,
    write: Write,
) -> None:
    """Write the logs of a run: all tasks under headings, or one task's as it is."""
    if namespace is not None:
        from argolane.workflow import cluster

        cluster.logs(name, task, namespace=namespace, write=write, follow=follow)
        return
    folder = recorded.find(project, name)
    seen: dict[Path, int] = {}
    while True:
        fresh = recorded.RunFolder(folder.path)
        over = is_over(fresh.status)
        for file, heading in _log_files(fresh, task):
            text = _read_on(file, seen)
            if text and task is None:
                write(f"==> {heading} <==\n")
            write(text)
        if over or not follow:
            break
        time.sleep(0.2)
    if follow and fresh.status.get("message"):
        click.echo(f"{fresh.name} {fresh.status['phase']}: {fresh.status['message']}", err=True)


def find(project: Project, name: str | None, *, namespace: str | None) -> Run:
    """The run of that name, or the latest of the workflow of that name, or the latest."""
    if namespace is not None:
        from argolane.workflow import cluster

        return cluster.get(name, namespace=namespace)
    folder = recorded.find(project, name)
    folder.status  # noqa: B018  (a broken record is an error where one run is asked for)
    return folder.as_run()


def _outputs(status: dict[str, Any]) -> list[str]:
    parameters = (status.get("outputs") or {}).get("parameters") or []
    return [f"output {p['name']} = {p.get('value', '')}" for p in parameters]


def _log_files(folder: recorded.RunFolder, task: str | None) -> Iterator[tuple[Path, str]]:
    """The log of every pod node in drawing order, or those of nodes that are named `task`."""
    pods = [(path, node) for path, node in walk(folder.status) if node.get("type") == "Pod"]
    if task is not None:
        named = [(p, n) for p, n in pods if task in (n["displayName"], p, p.partition("/")[2])]
        # A retried task is known by its own name; its attempts are task(0), task(1) ...
        named = named or [(p, n) for p, n in pods if f"/{task}/" in f"/{p}/"]
        if not named:
            known = {str(n["displayName"]) for _, n in pods}
            raise ArgolaneError(unknown("task", task, known, where=f"{folder.name}: "))
        pods = named
    for path, _ in pods:
        yield folder.log(path), path


def _read_on(file: Path, seen: dict[Path, int]) -> str:
    """What was added to a log since the last look."""
    try:
        with file.open("rb") as log:
            log.seek(seen.get(file, 0))
            data = log.read()
    except FileNotFoundError:
        return ""
    seen[file] = seen.get(file, 0) + len(data)
    return data.decode(errors="replace")


def table_of(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def short(value: str) -> str:
    """A value on one line, for a table."""
    text = " ".join(value.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
