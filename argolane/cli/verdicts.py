"""The name of a deployment or a run in, the verdict of its A/B test out: found, watched and drawn."""

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from argolane.errors import ArgolaneError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from argolane.project import Project
    from argolane.serving.judged import Judgement, Rules
    from argolane.workflow.run.result import Run

_PAUSE, _PAUSE_THERE = 1.0, 3.0  # seconds between two looks, and between those at a cluster


class NothingYet(ArgolaneError):
    """There are no observations, or none that are whole."""


def judged(here: "Project", name: str, rules: "Rules", where: str | None) -> "Judgement":
    """What is to be done now. Raises NothingYet, and ArgolaneError for a name that nothing bears."""
    from argolane.cli import show as shown
    from argolane.serving.judgement import judge
    from argolane.serving.observations import read_experiment

    if where is not None:
        return _judged_there(name, where)
    files, run = observed(here, name), None
    if not files:
        run = shown.find(here, name, namespace=None)
        files = observed(here, run.name)
    if files:
        try:
            return judge(read_experiment(files[-1]), rules)
        except (sqlite3.Error, KeyError, ValueError) as error:
            raise NothingYet(f"{files[-1]}: not the observations of a graph's traffic: {error}.") from None
    if run and (found := _told(run)):
        return found
    raise NothingYet(nothing_of(name))


def _judged_there(name: str, namespace: str) -> "Judgement":
    """The verdict of a run on the cluster, or the latest one on a deployment of that name."""
    from argolane.workflow import cluster

    for run in cluster.runs(namespace=namespace):
        found = _told(run)
        if found is not None and name in (found.deployment, run.name):
            return found
    run = cluster.get(name, namespace=namespace)
    found = _told(run)
    if found is None:
        raise NothingYet(
            f"Run {run.name!r} has no verdict yet ({run.phase}): its task compare has it, after all requests."
            f" argolane logs {run.name} traffic --on argo says how far they are."
        )
    return found


def _told(run: "Run") -> "Judgement | None":
    """What the run's task `compare` said."""
    from argolane.serving.judged import read_judgement
    from argolane.workflow.run.told import told

    return next((read_judgement(json.loads(text)) for _, text in told(run.status, "judgement")), None)


def looks(here: "Project", name: str, rules: "Rules", where: str | None) -> Iterator["Judgement"]:
    """One after another, until all requests are sent, or the run that sends them is over.

    A run that has not sent any is waited for. As `judged` raises.
    """
    while True:
        try:
            found = judged(here, name, rules, where)
        except NothingYet:
            if not _goes_on(here, name, where):
                raise
        else:
            over = found.seen >= found.requests
            if not over and not _goes_on(here, found.run, where):
                over, found = True, judged(here, name, rules, where)  # what came in between
            yield found
            if over:
                return
        time.sleep(_PAUSE if where is None else _PAUSE_THERE)


def observed(here: "Project", name: str) -> list[Path]:
    """The observations of a deployment, the latest last, or those of a run."""
    found = [
        *here.claims.glob(f"*/.observations/{name}/*.sqlite"),
        *here.claims.glob(f"*/.observations/*/{name}.sqlite"),
    ]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def nothing_of(name: str) -> str:
    return (
        f"No observations of {name!r}: its requests are recorded by the task `traffic` of a workflow, such as"
        " ab-test-mnist; docs/ab-testing.md says how."
    )


def table(found: "Judgement") -> "RenderableType":
    """An arm a line, and what is to be done; users and errors where any are known."""
    from rich.console import Group

    from argolane.cli.show import table_of

    users = any(arm.users is not None for arm in found.arms)
    errors = any(arm.unanswered for arm in found.arms)
    columns = ["ARM", "NODE", "VERSION", *(["USERS"] if users else []), "REQUESTS"]
    columns += [*(["ERRORS"] if errors else []), found.score.upper(), "P99", "P(BEST)"]
    drawn = table_of(*columns)
    for arm in found.arms:
        drawn.add_row(
            arm.arm,
            arm.name,
            arm.version,
            *([str(arm.users)] if users else []),
            str(arm.requests),
            *([str(arm.unanswered)] if errors else []),
            "" if arm.mean is None else f"{arm.mean:.4f}",
            "" if arm.p99 is None else f"{arm.p99 * 1000:.0f} ms",
            f"{arm.probability:.1%}",
        )
    head = f"{found.deployment}, run {found.run}: {found.seen} of {found.requests} requests"
    if users:
        head += f", of {sum(arm.users or 0 for arm in found.arms)} users"
    return Group(head, drawn, f"{found.verdict}: {found.reason}")


def _goes_on(here: "Project", name: str, where: str | None) -> bool:
    """Whether there is a run of that name, or a workflow's latest, which is not over."""
    from argolane.cli import show as shown
    from argolane.workflow.run.status import is_over

    try:
        return not is_over(shown.find(here, name, namespace=where).status)
    except ArgolaneError:
        return False
