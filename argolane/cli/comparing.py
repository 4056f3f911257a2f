"""The command `compare`, and the table of `get runs --metrics`: runs in, their facts side by side out."""

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from argolane.cli.experiments import verdict
from argolane.cli.group import namespace_option, on_option, output_option, place, project, show
from argolane.errors import ArgolaneError, UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from argolane.project import Project
    from argolane.workflow.run.comparison import Comparison, Metric
    from argolane.workflow.run.facts import Facts
    from argolane.workflow.run.measured import Measured
    from argolane.workflow.run.result import Run

ARROWS = {"higher": "↑", "lower": "↓", "": ""}
_SHORT = 12  # characters of a digest


class _Compare(click.Group):
    """What is no command of the group is the name of an A/B test."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["verdict", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Compare, short_help="Show the arms of an A/B test, or runs, side by side.")
def compare() -> None:
    """Show the arms of an A/B test side by side, and what is to be done: argolane compare DEPLOYMENT.

    Or runs: argolane compare runs RUN RUN.
    """


compare.add_command(verdict)


@compare.command("runs")
@click.argument("names", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Also the parameters that are alike.")
@output_option
@on_option
@namespace_option
def compare_runs(
    names: tuple[str, ...], everything: bool, output: str, on: str, namespace: str | None
) -> None:
    """Show runs side by side: parameters that differ, metrics, data, commit, durations, reasons of failures.

    RUN is a run's or a workflow's name: then its latest run is meant. What was kept here of a run on a
    cluster can be compared with a local one. A metric that is the better one has a star.
    """
    from argolane.workflow.run import comparison, facts

    here = project()
    where = place(here, on=on, namespace=namespace)
    runs = [_find(here, name, where) for name in names]
    twice = {run.name for run in runs if [each.name for each in runs].count(run.name) > 1}
    if len(runs) < 2 or twice:
        found = f"{', '.join(sorted(twice))} is named twice" if twice else f"{names[0]} alone"
        raise UsageError(f"compare runs: {found}; expected two different runs or more.")
    found_out = comparison.compare(facts.of(runs), everything=everything)
    show(_json(found_out.to_dict()) if output == "json" else _side_by_side(found_out))


def listing(here: "Project", *, namespace: str | None, sort: str, output: str) -> None:
    """`get runs --metrics`: with what was kept here of runs on a cluster, or those of the cluster alone."""
    from argolane.cli import show as shown
    from argolane.workflow.run import facts, recorded

    runs = shown.every(here, namespace=namespace)
    found = facts.ordered(facts.of(runs + (recorded.kept(here) if namespace is None else [])), sort)
    if output == "json":
        show(_json([one.to_dict() for one in found]))
    elif output == "csv":
        click.echo(_csv(found), nl=False)
    else:
        show(_table(found))


def _find(here: "Project", name: str, where: str | None) -> "Run":
    from argolane.cli import show as shown
    from argolane.workflow.run import recorded

    kept = recorded.kept(here, name) if where is None else []
    return kept[0] if kept else shown.find(here, name, namespace=where)


def _table(found: "Sequence[Facts]") -> "RenderableType":
    """A line for each run, and one more for each further thing that it measured."""
    from argolane.cli.show import short, table_of
    from argolane.workflow.run.tree import duration

    if not found:
        return "No runs."
    table = table_of(
        "NAME", "WORKFLOW", "PHASE", "OF", "METRIC", "VALUE", "DATA", "TOOK", "STARTED", "PARAMETERS"
    )
    for one in found:
        took = one.seconds
        given = " ".join(f"{name}={short(value)}" for name, value in one.parameters.items())
        rows = [_measured(each) for each in one.measured] or [("", "", "", "")]
        phase = one.run.phase + (" (argo)" if one.on == "argo" else "")
        started = one.started[:16].replace("T", " ")
        last = ("" if took is None else duration(took), started, given)
        table.add_row(one.run.name, one.run.workflow, phase, *rows[0], *last)
        for row in rows[1:]:
            table.add_row("", "", "", *row, "", "", "")
    return table


def _measured(one: "Measured") -> tuple[str, str, str, str]:
    from argolane.workflow.run.measured import shown

    name = f"{one.name} {ARROWS[one.better]}".rstrip()
    return f"{one.of} {one.version}".rstrip(), name, shown(one.value), one.data or one.data_sha256[:_SHORT]


def _csv(found: "Sequence[Facts]") -> str:
    """A line for each thing that a run measured; a run that measured nothing has one without."""
    names = list(dict.fromkeys(name for one in found for name in one.parameters))
    measures = ("unit", "version", "task", "name", "value", "better", "data", "data_sha256", "commit")
    titles = ["metric" if title == "name" else title for title in measures]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ("run", "workflow", "on", "phase", "started", "seconds")
    writer.writerow([*head, *titles, *(f"parameter.{name}" for name in names)])
    for one in found:
        took = one.seconds
        first = (one.run.name, one.run.workflow, one.on, one.run.phase, one.started)
        for each in one.measured or (None,):
            cells = [getattr(each, title) if each else "" for title in measures]
            given = [one.parameters.get(name, "") for name in names]
            writer.writerow([*first, "" if took is None else round(took, 3), *cells, *given])
    return out.getvalue()


def _side_by_side(found: "Comparison") -> "RenderableType":
    from rich.console import Group

    from argolane.cli.show import short, table_of
    from argolane.workflow.run.tree import duration

    table = table_of("", *(one.run.name for one in found.runs))

    def row(title: str, cells: "Sequence[Any]") -> None:
        if any(cell not in (None, "") for cell in cells):
            table.add_row(title, *("" if cell is None else str(cell) for cell in cells))

    row("workflow", [one.run.workflow for one in found.runs])
    row("phase", [one.run.phase for one in found.runs])
    row("reason", [one.reason for one in found.runs])
    row("started", [one.started for one in found.runs])
    for name, values in found.parameters.items():
        row(f"-p {name}", [None if value is None else short(value) or "''" for value in values])
    for metric in found.metrics:
        _rows(metric, row)
    row("took", [None if one.seconds is None else duration(one.seconds) for one in found.runs])
    for task, values in found.durations.items():
        row(f"  {task}", [None if value is None else duration(value) for value in values])
    other = [metric for metric in found.metrics if not metric.same_data]
    names = ", ".join(dict.fromkeys(f"{metric.of} {metric.name}".strip() for metric in other))
    note = [f"The data differ: {names} is not of the same rows, and a star says little."] if other else []
    return Group(table, *note)


def _rows(metric: "Metric", row: Any) -> None:
    from argolane.workflow.run.measured import shown

    best = metric.best
    head = f"{metric.of} {metric.name}".strip() + (f" ({metric.better} is better)" if metric.better else "")
    row(
        head,
        [one and shown(one.value) + (" *" if i in best else "") for i, one in enumerate(metric.measured)],
    )
    for name, values in metric.scores.items():
        row(f"  {name}", [None if value is None else shown(value) for value in values])
    row("  of", metric.each(lambda one: f"{one.of} {one.version}".rstrip()))
    row("  data", metric.each(lambda one: one.data))
    row("  data sha256", metric.each(lambda one: one.data_sha256[:_SHORT]))
    row("  digest", metric.each(lambda one: one.digest[:_SHORT]))
    row("  commit", metric.each(lambda one: _commit(one.commit)))


def _commit(commit: str) -> str:
    """As short as the others, but with what makes it another."""
    name, dash, dirty = commit.partition("-")
    return name[:_SHORT] + dash + dirty


def _json(value: object) -> str:
    try:
        return json.dumps(value, indent=2, allow_nan=False)
    except ValueError as error:
        raise ArgolaneError(f"A record holds what JSON cannot: {error}.") from None
