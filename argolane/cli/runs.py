"""The commands about runs: run, retry, resume, stop, report."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from argolane.cli.group import (
    given,
    images_option,
    namespace_option,
    on_option,
    output_option,
    parameter_option,
    place,
    project,
    write,
)
from argolane.disk import said
from argolane.errors import ArgolaneError, ManifestError, UsageError

if TYPE_CHECKING:
    from argolane.project import Project
    from argolane.settings import ImagePolicy
    from argolane.workflow.run.events import Observer
    from argolane.workflow.run.result import Run


@click.command()
@click.argument("workflow")
@click.argument("beside", metavar="[FILE|FOLDER]...", nargs=-1)
@parameter_option
@click.option(
    "-f",
    "--parameter-file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A YAML or JSON mapping of parameters; -p beats it. May be repeated.",
)
@click.option(
    "-a", "--artifact", "artifacts", multiple=True, metavar="NAME=PATH", help="An artifact. May be repeated."
)
@click.option(
    "--dry-run", is_flag=True, help="Print what would run, substituted, with its sizes; run nothing."
)
@images_option
@click.option("--name", help="The run's name. Default: the workflow's, with five random characters.")
@click.option("--log", is_flag=True, help="Print what the tasks print, line by line, instead of a tree.")
@output_option
@on_option
@namespace_option
def run(
    workflow: str,
    beside: tuple[str, ...],
    parameters: tuple[str, ...],
    files: tuple[Path, ...],
    artifacts: tuple[str, ...],
    dry_run: bool,
    images: "ImagePolicy | None",
    name: str | None,
    log: bool,
    output: str,
    on: str,
    namespace: str | None,
) -> None:
    """Run WORKFLOW and follow it to its end.

    WORKFLOW is a name from `argolane list`, a manifest file, a folder of them, or - for stdin; a CronWorkflow
    runs once, now. What it refers to may stand in more FILEs and FOLDERs. The exit status is 0 only if it
    Succeeded.
    """
    from argolane.workflow import runner

    here, values = project(images), _of_files(files) | given(parameters)
    where, handed = place(here, on=on, namespace=namespace), given(artifacts, "-a")
    if dry_run:
        if on == "argo":
            raise UsageError("--dry-run: is of this machine. On a cluster: argo submit --dry-run")
        write(runner.preview(here, workflow, values, name=name, beside=beside, artifacts=handed))
        return
    _follow(
        here,
        lambda observe: runner.run(
            here,
            workflow,
            values,
            on=on,
            name=name,
            namespace=where,
            observe=observe,
            beside=beside,
            artifacts=handed,
        ),
        log=log,
        output=output,
    )


@click.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--log", is_flag=True, help="Print what the tasks print, line by line, instead of a tree.")
@images_option
@output_option
def retry(name: str | None, log: bool, images: "ImagePolicy | None", output: str) -> None:
    """Go on with a run that failed or whose runner died.

    RUN is a local run, by default the latest; what Succeeded is not run again.
    """
    from argolane.workflow import local
    from argolane.workflow.run import recorded as runs

    here = project(images)
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
        found, page = gather.of_cluster(name, namespace=where, project=here)
        target = out or Path(f"{found}.html")
    else:
        folder = runs.find(here, name)
        page, target = gather.page(here, folder), out or folder.path / "report.html"
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ArgolaneError(f"{said(error, target)}. Name another file with -O.") from None
    click.echo(target)


def _of_files(files: tuple[Path, ...]) -> dict[str, str]:
    """Parameters of files, a later one's before those of an earlier; what is no text is JSON, as for argo."""
    from argolane.manifest import loads

    found: dict[str, str] = {}
    for path in files:
        try:
            bodies = loads(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise ManifestError([f"-f {path}: {getattr(error, 'strerror', None) or error}."]) from None
        if len(bodies) != 1 or not isinstance(bodies[0], dict):
            raise ManifestError([f"-f {path}: is no mapping of parameters; expected lines of NAME: VALUE."])
        found |= {
            str(key): value if isinstance(value, str) else json.dumps(value)
            for key, value in bodies[0].items()
        }
    return found


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
