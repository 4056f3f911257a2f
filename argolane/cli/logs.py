"""The command `logs`: what the tasks of a run printed, or the containers of a deployment."""

import time
from typing import TYPE_CHECKING

import click

from argolane.cli.group import on_option, place, project, write
from argolane.errors import ArgolaneError, UsageError
from argolane.kubernetes import kinds

if TYPE_CHECKING:
    from argolane.project import Project
    from argolane.serving.bundle import Reference
    from argolane.serving.pod_logs import Log

_POLL = 0.2


@click.command(short_help="Print what a run or a deployment printed.")
@click.argument("name", metavar="[RUN|DEPLOYMENT]", required=False)
@click.argument("task", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run ends, or the deployment is gone.")
@click.option("-c", "--container", help="Of a deployment: that container alone.")
@click.option("--previous", is_flag=True, help="Of a deployment: what a container printed before it ended.")
@click.option("--tail", type=click.IntRange(min=0), metavar="LINES", help="Of a deployment: the last lines.")
@on_option
@click.option("-n", "--namespace", help="Default: that of argolane.toml.")
def logs(
    name: str | None,
    task: str | None,
    follow: bool,
    container: str | None,
    previous: bool,
    tail: int | None,
    on: str,
    namespace: str | None,
) -> None:
    """Print what the tasks of a run printed, or the containers of a deployment.

    RUN is a run's or a workflow's name, by default the latest; TASK one of its tasks. DEPLOYMENT is a name
    from `argolane get deployments`. `run/NAME` and `deployment/NAME` say which is meant.
    """
    here = project()
    of_deployment = bool(container or previous or tail is not None)
    found = None
    if on == "local" and name is not None:
        found = _deployment(here, name, namespace, told=bool(task) != of_deployment, task=bool(task))
    if found is None:
        if of_deployment:
            raise UsageError("-c, --previous and --tail are of a deployment: argolane logs deployment/NAME.")
        from argolane.cli import show as shown

        run = name.removeprefix("run/").removeprefix("runs/") if name is not None else None
        where = place(here, on=on, namespace=namespace)
        shown.logs(here, run, task, follow=follow, namespace=where, write=write)
        return
    if task is not None:
        raise UsageError(f"{task}: a deployment has no tasks. A container of it: -c {task}.")
    _print(here, found, container=container, previous=previous, follow=follow, tail=tail)


def _deployment(
    here: "Project", name: str, namespace: str | None, *, told: bool, task: bool
) -> "Reference | None":
    """The deployment that is meant; None for a run. UsageError for what may be either.

    `told`: the other words say which, for only a run has a `task`, and only a deployment containers.
    """
    from argolane.cli import naming

    word, slash, rest = name.partition("/")
    if slash and word in ("run", "runs"):
        return None
    if slash and (kind := kinds.of(word)):
        if kind.name not in naming.RUNNING:
            raise UsageError(f"{name}: a {kind.name} prints nothing; expected deployment/NAME or run/NAME.")
        reference = naming.named(here, name, namespace)
        naming.there(here, kinds.KINDS[reference.kind], namespace, rest)
        return reference
    found = naming.deployment(here, name, namespace)
    if found is None:
        return None
    from argolane.workflow.run import recorded

    try:
        run = recorded.find(here, name)
    except ArgolaneError:
        return found
    if told:
        return None if task else found
    which = f"a run ({run.name})" if run.name != name else "a run"
    raise UsageError(f"{name!r} is a deployment and {which}. Say deployment/{name} or run/{name}.")


def _print(
    here: "Project",
    reference: "Reference",
    *,
    container: str | None,
    previous: bool,
    follow: bool,
    tail: int | None,
) -> None:
    from argolane.serving import pod_logs
    from argolane.serving.store import Store

    kept = Store(here, reference.name, reference.kind, reference.namespace)
    seen: dict[tuple[str, int], int] = {}
    last = None
    while True:
        found = pod_logs.of(kept, container=container, previous=previous)
        for each in found:
            key = (each.shown, each.start)
            text, seen[key] = _read_on(each, seen.get(key), tail)
            if not text:
                continue
            # One that is alone needs no heading.
            if each.shown != last and (len(found) > 1 or last is not None):
                write(f"==> {each.shown} <==\n")
            last = each.shown
            write(text)
        if not follow or previous or not kept.folder.exists():
            return
        time.sleep(_POLL)


def _read_on(log: "Log", seen: int | None, tail: int | None) -> tuple[str, int]:
    """What was added since the last look, and up to where."""
    start = log.start if seen is None else seen
    try:
        with log.file.open("rb") as file:
            file.seek(start)
            data = file.read(-1 if log.end is None else max(0, log.end - start))
    except FileNotFoundError:
        return "", start
    end = start + len(data)
    if seen is None and tail is not None:
        lines = data.splitlines(keepends=True)
        data = b"".join(lines[len(lines) - min(tail, len(lines)) :])
    return data.decode(errors="replace"), end
