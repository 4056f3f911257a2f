"""Runs and deployments in, text or drawings out: what `get`, `logs` and `delete` show."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table

from argolane.errors import ArgolaneError, UsageError, unknown
from argolane.project import Project
from argolane.workflow.run import recorded
from argolane.workflow.run.result import Run
from argolane.workflow.run.status import is_over
from argolane.workflow.run.tree import draw, duration, seconds, walk

Write = Callable[[str], None]


def run(
    project: Project, name: str | None, *, output: str, on: str, namespace: str | None
) -> RenderableType | str:
    """One run as a tree, or its whole status as JSON."""
    found = _find(project, name, on=on, namespace=namespace)
    if output == "json":
        return json.dumps({"name": found.name, **found.status}, indent=2)
    took = seconds(found.status)
    head = f"{found.name}  {found.phase}" + (f"  {duration(took)}" if took is not None else "")
    return Group(head, draw(found.status, found.name), *_outputs(found.status))


def watch(project: Project, name: str | None, *, on: str, namespace: str | None) -> None:
    """Draw one run again and again until it ends; on a terminal in place."""
    found = _find(project, name, on=on, namespace=namespace)
    with Live(console=Console(highlight=False, markup=False), auto_refresh=False) as live:
        while True:
            live.update(draw(found.status, found.name), refresh=True)
            if is_over(found.status):
                return
            time.sleep(0.5 if on == "local" else 2)
            found = _find(project, found.name, on=on, namespace=namespace)


def runs(project: Project, *, on: str, namespace: str | None) -> RenderableType | str:
    """Every run, the latest first."""
    if on == "argo":
        from argolane.workflow import cluster

        found = cluster.runs(namespace=namespace or project.settings.namespace)
    else:
        found = [_recorded(folder) for folder in recorded.every(project)]
    if not found:
        return "No runs."
    table = _table("NAME", "PHASE", "STARTED", "TOOK", "MESSAGE")
    for each in found:
        took = seconds(each.status)
        started = str(each.status.get("startedAt") or "")
        table.add_row(
            each.name, each.phase, started, duration(took) if took is not None else "", each.message
        )
    return table


def deployments(project: Project) -> RenderableType | str:
    """The SeldonDeployments of this machine."""
    from argolane.serving.deployments import Deployments

    found = Deployments(project).list()
    if not found:
        return "No deployments."
    table = _table("NAME", "STATE", "URL", "DESCRIPTION")
    for each in found:
        status = each.get("status") or {}
        url = (status.get("address") or {}).get("url", "")
        table.add_row(each["metadata"]["name"], status.get("state", ""), url, status.get("description", ""))
    return table


def logs(
    project: Project,
    name: str | None,
    task: str | None,
    *,
    follow: bool,
    on: str,
    namespace: str | None,
    write: Write,
) -> None:
    """Write the logs of a run: all tasks under headings, or one task's as it is."""
    if on == "argo":
        from argolane.workflow import cluster

        cluster.logs(
            name, task, namespace=namespace or project.settings.namespace, write=write, follow=follow
        )
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


def delete_run(project: Project, name: str, *, on: str, namespace: str | None) -> None:
    """Remove a run's record; one that still goes on is refused."""
    if on == "argo":
        from argolane.workflow import cluster

        cluster.delete(name, namespace=namespace or project.settings.namespace)
        return
    folder = next((r for r in recorded.every(project) if r.name == name), None)
    if folder is None:
        raise ArgolaneError(unknown("run", name, [r.name for r in recorded.every(project)]))
    from argolane.workflow.local import is_running

    if is_running(project, name):
        raise UsageError(f"Run {name!r} is still going on. End it with Ctrl-C where it was started.")
    shutil.rmtree(folder.path)


def delete_deployments(project: Project, name: str | None) -> Iterator[str]:
    """End and forget the deployment of that name, or (None) all of them; yields each name when it is gone."""
    from argolane.serving.deployments import Deployments

    deployments = Deployments(project)
    names = [each["metadata"]["name"] for each in deployments.list()] if name is None else [name]
    for each in names:
        if not deployments.delete(each) and name is not None:
            deployments.get(each)  # says which names there are
        yield each


def _find(project: Project, name: str | None, *, on: str, namespace: str | None) -> Run:
    if on == "argo":
        from argolane.workflow import cluster

        return cluster.get(name, namespace=namespace or project.settings.namespace)
    return _recorded(recorded.find(project, name))


def _recorded(folder: recorded.RunFolder) -> Run:
    status = folder.status
    phase, message = str(status.get("phase") or "Pending"), str(status.get("message") or "")
    return Run(folder.name, phase, message, status, folder.path)


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


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
