"""The commands about runs: run, retry, resume, stop, get, logs, report, delete."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from argolane.cli.group import given, namespace_option, on_option, parameter_option, project, show, write
from argolane.errors import UsageError
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
@on_option
@namespace_option
def run(
    workflow: str, parameters: tuple[str, ...], name: str | None, log: bool, on: str, namespace: str | None
) -> None:
    """Run WORKFLOW and follow it to its end.

    WORKFLOW is a name from `argolane list`, or a manifest file. The exit status is 0 only if it
    Succeeded.
    """
    from argolane.workflow import runner

    here, values = project(), given(parameters)
    _follow(
        here,
        lambda observe: runner.run(
            here, workflow, values, on=on, name=name, namespace=namespace, observe=observe
        ),
        log=log,
    )


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--log", is_flag=True, help="Print what the tasks print, line by line, instead of a tree.")
def retry(name: str | None, log: bool) -> None:
    """Go on with a run that failed or whose runner died.

    RUN is a local run, by default the latest; what Succeeded is not run again.
    """
    from argolane.workflow import local
    from argolane.workflow.run import recorded as runs

    here = project()
    found = runs.find(here, name).name
    _follow(here, lambda observe: local.retry(here, found, observe=observe), log=log)


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
    from argolane.cli import show as shown

    here = project()
    if name in DEPLOYMENTS:
        show(shown.deployments(here))
    elif name == RUNS:
        show(shown.runs(here, on=on, namespace=namespace))
    elif watch:
        shown.watch(here, name, on=on, namespace=namespace)
    else:
        show(shown.run(here, name, output=output, on=on, namespace=namespace))


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

    shown.logs(project(), name, task, follow=follow, on=on, namespace=namespace, write=write)


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
    if on == "argo":
        found, page = gather.of_cluster(name, namespace=namespace or here.settings.namespace)
        target = out or Path(f"{found}.html")
    else:
        folder = runs.find(here, name)
        page, target = gather.page(here, folder), out or folder.path / "report.html"
    target.write_text(page, encoding="utf-8")
    click.echo(target)


@click.command()
@click.argument("what", metavar="RUN|deployment")
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="With `deployments`: every one of this project.")
@on_option
@namespace_option
def delete(what: str, name: str | None, everything: bool, on: str, namespace: str | None) -> None:
    """Delete a run, or end and delete a deployment.

    `delete RUN`, `delete deployment NAME`, or `delete deployments --all`.
    """
    from argolane.cli import show as shown

    here = project()
    if what in DEPLOYMENTS:
        if (name is None) != everything:
            raise UsageError(
                "Which deployment? Give its name, or --all. 'argolane get deployments' lists them."
            )
        for deleted in shown.delete_deployments(here, name):
            click.echo(f"Deployment {deleted!r} deleted.")
    elif name is not None or everything:
        raise UsageError("Delete what? Expected 'delete RUN' or 'delete deployment NAME'.")
    else:
        shown.delete_run(here, what, on=on, namespace=namespace)
        click.echo(f"Run {what!r} deleted.")


def _follow(here: "Project", start: "Callable[[Observer], Run]", *, log: bool) -> None:
    """Draw a run while it goes on, say how it ended, and exit with what that means."""
    from argolane.cli import live

    with live.following(sys.stdout, logs=log) as observe:
        result = start(observe)
    for line in live.summary(result, here.root):
        click.echo(line)
    sys.exit(0 if result.phase == "Succeeded" else 1)
