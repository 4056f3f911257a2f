"""Arguments in, text out: the command line, and nothing else.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from argolane import __version__
from argolane.errors import ArgolaneError, UsageError

if TYPE_CHECKING:
    from argolane.project import Project

DEPLOYMENTS = ("deployment", "deployments", "sdep")


class _Group(click.Group):
    """Turns our errors into one line on stderr and an exit status; lists commands in the order of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ArgolaneError as error:
            for line in str(error).splitlines():
                click.echo(f"Error: {line}", err=True)
            ctx.exit(error.exit_status)
        except BrokenPipeError:
            # The reader of a pipe has seen enough.
            sys.stdout = None
            ctx.exit(0)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="argolane")
def main() -> None:
    """Train, ship and test models with Argo Workflows and Seldon: on this machine, or on a cluster."""


def _project() -> "Project":
    from argolane.project import find

    return find()


def _given(values: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"-p {text}: expected NAME=VALUE.")
        if name in given:
            raise UsageError(f"-p {name} is given twice.")
        given[name] = value
    return given


_on = click.option("--on", type=click.Choice(["local", "argo"]), default="local", show_default=True,
                   help="Where: this machine, or the cluster of the current kube context.")  # fmt: skip
_namespace = click.option("-n", "--namespace", help="On argo: the namespace. Default: that of argolane.toml.")


@main.command()
@click.argument("workflow")
@click.option("-p", "--parameter", "parameters", multiple=True, metavar="NAME=VALUE",
              help="A workflow parameter; may be repeated.")  # fmt: skip
@click.option("--name", help="The run's name. Default: the workflow's, with five random characters.")
@_on
@_namespace
def run(workflow: str, parameters: tuple[str, ...], name: str | None, on: str, namespace: str | None) -> None:
    """Run WORKFLOW, a name from `argolane list` or a manifest file, and follow it to its end.

    The exit status is 0 only if the workflow Succeeded.
    """
    from argolane.workflow import live, runner

    project = _project()
    with live.following(sys.stdout) as observe:
        result = runner.run(project, workflow, _given(parameters), on=on, name=name, namespace=namespace,
                            observe=observe)  # fmt: skip
    for line in live.summary(result, project.root):
        click.echo(line)
    sys.exit(0 if result.phase == "Succeeded" else 1)


@main.command("list")
@click.option("-v", "--verbose", is_flag=True, help="The parameters too.")
def list_(verbose: bool) -> None:
    """List the workflows of this project."""
    from argolane.workflow import catalog

    project = _project()
    known = catalog.entries(project)
    if not known:
        places = ", ".join(project.settings.manifests) or "argolane.toml"
        raise ArgolaneError(f"{project.root}: no workflow in {places}. Run: argolane render")
    width = max(len(name) for name in known)
    for name, entry in known.items():
        click.echo(f"{name:<{width}}  {entry.description}".rstrip())
        for parameter in entry.parameters() if verbose else []:
            allowed = "|".join(str(v) for v in parameter.get("enum") or [])
            value = str(parameter.get("value", "")) + (f" ({allowed})" if allowed else "")
            click.echo(f"    -p {parameter['name']}={value}  {parameter.get('description', '')}".rstrip())


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def lint(files: tuple[Path, ...]) -> None:
    """Check manifest FILES, or folders of them; default: the project's.

    Finds what the Argo controller would refuse, and what it would silently do wrong.
    """
    from argolane.manifest import load
    from argolane.workflow.lint import lint as check

    project = _project()
    paths = [p for path in files for p in _manifests(path)] if files else project.manifest_files()
    if not paths:
        raise ArgolaneError("No manifest to check: name a file, or list folders in argolane.toml.")
    documents = [document for path in paths for document in load(path)]
    given = {path.resolve() for path in paths}
    others = [d for p in project.manifest_files() if p.resolve() not in given for d in load(p)]
    findings = check(documents, others=others)
    for finding in findings:
        click.echo(f"{finding.severity}: {finding.where}: {finding.message}")
    errors = sum(finding.severity == "error" for finding in findings)
    click.echo(f"{len(paths)} files: {errors} errors, {len(findings) - errors} warnings.")
    sys.exit(1 if errors else 0)


def _manifests(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml"))
    return [path]


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a rendered file would change.")
def render(check: bool) -> None:
    """Write the manifests that the Hera programs of argolane.toml make."""
    from argolane import render as renderer

    project = _project()
    if check:
        stale = renderer.check(project)
        for line in stale:
            click.echo(line)
        if stale:
            raise ArgolaneError("Rendered files are stale. Run: argolane render")
        return
    for path in renderer.render(project):
        click.echo(path.relative_to(project.root))


@main.command()
@click.argument("run", required=False)
@click.option("-o", "--output", type=click.Choice(["tree", "json"]), default="tree", show_default=True)
@_on
@_namespace
def get(run: str | None, output: str, on: str, namespace: str | None) -> None:
    """Show RUN (default: the latest) as a tree; `get runs` and `get deployments` list what there is."""
    from argolane import show

    project = _project()
    if run in DEPLOYMENTS:
        _echo(show.deployments(project))
    elif run == "runs":
        _echo(show.runs(project, on=on, namespace=namespace))
    else:
        _echo(show.run(project, run, output=output, on=on, namespace=namespace))


@main.command()
@click.argument("run", required=False)
@click.argument("task", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run ends.")
@_on
@_namespace
def logs(run: str | None, task: str | None, follow: bool, on: str, namespace: str | None) -> None:
    """Print the logs of RUN (default: the latest), of all tasks or of TASK.

    RUN may be a workflow's name: its latest run is meant.
    """
    from argolane import show

    show.logs(_project(), run, task, follow=follow, on=on, namespace=namespace, write=_write)


@main.command()
@click.argument("run", required=False)
@click.option(
    "-O", "--out", type=click.Path(path_type=Path), help="Default: report.html in the run's folder."
)
def report(run: str | None, out: Path | None) -> None:
    """Write RUN (default: the latest) as one self-contained HTML page."""
    from argolane.report.gather import page
    from argolane.workflow import runs

    project = _project()
    folder = runs.find(project, run)
    target = out or folder.path / "report.html"
    target.write_text(page(project, folder), encoding="utf-8")
    click.echo(target)


@main.command()
@click.argument("deployment")
@click.option("--request", "request_file", required=True, type=click.Path(path_type=Path),
              help="A JSON file with the request, as models/*/request.json.")  # fmt: skip
@click.option("--timeout", type=float, default=10, show_default=True, help="Seconds to wait for the answer.")
def predict(deployment: str, request_file: Path, timeout: float) -> None:
    """Send a request to DEPLOYMENT (a name of `get deployments`, or a URL) and print the answer."""
    import json

    from argolane.serving import client

    answer = client.predict(_url(deployment), client.read_request(request_file), timeout=timeout)
    click.echo(json.dumps(answer, indent=2))


def _url(deployment: str) -> str:
    if deployment.startswith(("http://", "https://")):
        return deployment
    from argolane.serving.deployments import Deployments

    return Deployments(_project()).url(deployment)


@main.command()
@click.argument("what")
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="With `deployments`: every one of this project.")
@_on
@_namespace
def delete(what: str, name: str | None, everything: bool, on: str, namespace: str | None) -> None:
    """Delete a run (`delete RUN`), or end and delete a deployment (`delete deployment NAME`)."""
    from argolane import show

    project = _project()
    if what in DEPLOYMENTS:
        if (name is None) != everything:
            raise UsageError(
                "Which deployment? Give its name, or --all. 'argolane get deployments' lists them."
            )
        for deleted in show.delete_deployments(project, name):
            click.echo(f"Deployment {deleted!r} deleted.")
    elif name is not None or everything:
        raise UsageError("Delete what? Expected 'delete RUN' or 'delete deployment NAME'.")
    else:
        show.delete_run(project, what, on=on, namespace=namespace)
        click.echo(f"Run {what!r} deleted.")


def _write(text: str) -> None:
    click.echo(text, nl=False)


def _echo(drawn: Any) -> None:
    """Print text, or anything rich can draw; plain and unwrapped when stdout is no terminal."""
    if isinstance(drawn, str):
        click.echo(drawn)
        return
    from rich.console import Console

    width = None if sys.stdout.isatty() else 200
    Console(
        file=sys.stdout, width=width, highlight=False, markup=False, soft_wrap=not sys.stdout.isatty()
    ).print(drawn)
