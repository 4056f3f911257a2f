"""The commands about runs: run, retry, resume, stop, get, logs, report, delete."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from argolane.cli.group import (
    given,
    namespace_option,
    on_option,
    output_option,
    parameter_option,
    place,
    project,
    show,
    write,
)
from argolane.disk import said
from argolane.errors import ArgolaneError, UsageError
from argolane.workflow.run.names import DEPLOYMENTS, RUNS

if TYPE_CHECKING:
    from argolane.project import Project
    from argolane.workflow.run.events import Observer
    from argolane.workflow.run.result import Run


@click.command()
@click.argument("workflow")
@parameter_option
@click.option("--name", help="The run's name. Default: the workflow's, with five random characters.")
@click.option("--log", is_flag=True, help="Print what the tasks print, line by line, instead of a tree.")
@output_option
@on_option
@namespace_option
def run(
    workflow: str,
    parameters: tuple[str, ...],
    name: str | None,
    log: bool,
    output: str,
    on: str,
    namespace: str | None,
) -> None:
    """Run WORKFLOW and follow it to its end.

    WORKFLOW is a name from `argolane list`, or a manifest file. The exit status is 0 only if it
    Succeeded.
    """
    from argolane.workflow import runner

    here, values = project(), given(parameters)
    where = place(here, on=on, namespace=namespace)
    _follow(
        here,
        lambda observe: runner.run(
            here, workflow, values, on=on, name=name, namespace=where, observe=observe
        ),
        log=log,
        output=output,
    )


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--log", is_flag=True, help="Print what the tasks print, line by line, instead of a tree.")
@output_option
def retry(name: str | None, log: bool, output: str) -> None:
    """Go on with a run that failed or whose runner died.

    RUN is a local run, by default the latest; what Succeeded is not run again.
    """
    from argolane.workflow import local
    from argolane.workflow.run import recorded as runs

    here = project()
    found = runs.find(here, name).name
    _follow(here, lambda observe: local.retry(here, found, observe=observe), log=log, output=output)


@click.command()
@click.argument("name", metavar="RUN")
@click.argument("task", required=False)
@parameter_option
@click.option("-m", "--message", default="", help="Kept with the task.")
def resume(name: str, task: str | None, parameters: tuple[str, ...], message: str) -> None:
    """Let suspended tasks of a local RUN go on.

    All of them, or TASK alone; -p gives their supplied outputs.
    """
    from argolane.workflow import local

    local.resume(project(), name, node=task or "", parameters=given(parameters), message=message)


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--terminate", is_flag=True, help="Without the exit handlers.")
def stop(name: str, terminate: bool) -> None:
    """End a local RUN that goes on."""
    from argolane.workflow import local

    local.stop(project(), name, terminate=terminate)


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option("-o", "--output", type=click.Choice(["tree", "json"]), default="tree", show_default=True)
@click.option("-w", "--watch", is_flag=True, help="Draw the tree again and again until the run ends.")
@on_option
@namespace_option
def get(name: str | None, output: str, watch: bool, on: str, namespace: str | None) -> None:
    """Show a run as a tree, or list runs or deployments.

    RUN is a run's or a workflow's name, by default the latest; `get runs` and `get deployments` list.
    """
    from argolane.cli import served
    from argolane.cli import show as shown

    here = project()
    where = place(here, on=on, namespace=namespace)
    if watch and (name in (RUNS, *DEPLOYMENTS) or output == "json"):
        raise UsageError("-w draws the tree of one run; leave it out with a list and with -o json.")
    if name in DEPLOYMENTS:
        deployments = served.every(here, namespace=where)
        show(_json(deployments) if output == "json" else served.table(deployments))
    elif name == RUNS:
        found = shown.every(here, namespace=where)
        show(_json([each.to_dict() for each in found]) if output == "json" else shown.runs(found))
    elif watch:
        shown.watch(here, name, namespace=where)
    elif output == "json":
        one = shown.find(here, name, namespace=where)
        show(_json({"name": one.name, **one.status}))
    else:
        show(shown.run(here, name, namespace=where))


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.argument("task", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run ends.")
@on_option
@namespace_option
def logs(name: str | None, task: str | None, follow: bool, on: str, namespace: str | None) -> None:
    """Print what the tasks of a run printed.

    RUN is a run's or a workflow's name, by default the latest; TASK one of its tasks.
    """
    from argolane.cli import show as shown

    here = project()
    where = place(here, on=on, namespace=namespace)
    shown.logs(here, name, task, follow=follow, namespace=where, write=write)


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option(
    "-O",
    "--out",
    type=click.Path(path_type=Path),
    help="Default: report.html in the run's folder; on argo, RUN.html here.",
)
@on_option
@namespace_option
def report(name: str | None, out: Path | None, on: str, namespace: str | None) -> None:
    """Write a run as one self-contained HTML page.

    RUN is a run's or a workflow's name, by default the latest.
    """
    from argolane.report import gather
    from argolane.workflow.run import recorded as runs

    here = project()
    where = place(here, on=on, namespace=namespace)
    if where is not None:
        found, page = gather.of_cluster(name, namespace=where)
        target = out or Path(f"{found}.html")
    else:
        folder = runs.find(here, name)
        page, target = gather.page(here, folder), out or folder.path / "report.html"
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ArgolaneError(f"{said(error, target)}. Name another file with -O.") from None
    click.echo(target)


@click.command()
@click.argument("what", metavar="RUN|runs|deployment")
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="With `deployments` or `runs`: every one.")
@click.option("--older-than", metavar="AGE", help="With `runs`: those that ended that long ago: 12h, 7d, 4w.")
@click.option("--failed", is_flag=True, help="With `runs`: those that have Failed.")
@on_option
@namespace_option
def delete(
    what: str,
    name: str | None,
    everything: bool,
    older_than: str | None,
    failed: bool,
    on: str,
    namespace: str | None,
) -> None:
    """Delete runs, or end and delete deployments.

    `delete RUN`, `delete runs --failed --older-than 7d`, `delete deployment NAME`, or `delete deployments
    --all`. Of several runs none is deleted that still goes on.
    """
    from argolane.cli import removal, served

    here = project()
    where = place(here, on=on, namespace=namespace)
    if what != RUNS and (older_than or failed):
        raise UsageError("--older-than and --failed choose among runs: delete runs --failed.")
    if what in DEPLOYMENTS:
        if (name is None) != everything:
            raise UsageError(
                "Which deployment? Give its name, or --all. 'argolane get deployments' lists them."
            )
        for deleted in served.delete(here, name, namespace=where):
            click.echo(f"Deployment {deleted!r} deleted.")
    elif what == RUNS:
        if name is not None or everything == bool(older_than or failed):
            raise UsageError("Which runs? Give --older-than, --failed or both, or else --all.")
        age = removal.age(older_than) if older_than else None
        deleted = ""
        for deleted in removal.runs(here, namespace=where, older_than=age, failed=failed):
            click.echo(f"Run {deleted!r} deleted.")
        if not deleted:
            click.echo("No such run.")
    elif name is not None or everything:
        raise UsageError("Delete what? Expected 'delete RUN' or 'delete deployment NAME'.")
    else:
        removal.run(here, what, namespace=where)
        click.echo(f"Run {what!r} deleted.")


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


def _follow(here: "Project", start: "Callable[[Observer], Run]", *, log: bool, output: str) -> None:
    """Draw a run while it goes on, say how it ended, and exit with what that means.

    With JSON asked for, that alone is on stdout, and everything else on stderr.
    """
    from argolane.cli import live

    with live.following(sys.stderr if output == "json" else sys.stdout, logs=log) as observe:
        result = start(observe)
    for line in live.summary(result, here.root):
        click.echo(line, err=output == "json")
    if output == "json":
        click.echo(_json({"name": result.name, **result.status}))
    sys.exit(0 if result.phase == "Succeeded" else 1)
