"""The commands that put manifests up on this machine: apply, wait."""

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from argolane.cli.group import project
from argolane.cli.sources import documents, files_options
from argolane.errors import UsageError

if TYPE_CHECKING:
    from argolane.project import Project
    from argolane.serving.bundle import Reference

_INTERRUPTED = 130
_TIME = re.compile(r"(\d{1,6})(s|m|h)?")
_UNITS = {None: 1, "s": 1, "m": 60, "h": 3600}

namespace_option = click.option(
    "-n", "--namespace", help="Of what names none. Default: that of argolane.toml."
)
timeout_option = click.option(
    "--timeout", default="300s", show_default=True, metavar="TIME", help="How long to wait: 90s, 5m."
)


@click.command(short_help="Put manifests up on this machine.")
@files_options
@namespace_option
@click.option("--wait", "waits", is_flag=True, help="Until all of it is up; else that goes on by itself.")
@timeout_option
def apply(
    files: tuple[str, ...],
    folders: tuple[str, ...],
    recursive: bool,
    namespace: str | None,
    waits: bool,
    timeout: str,
) -> None:
    """Put manifests up on this machine, as `kubectl apply` does on a cluster.

    Namespace, Secret, ConfigMap, PersistentVolumeClaim, Service, Deployment and SeldonDeployment, in that
    order; anything else is refused before anything changes. What is up outlives this command.
    """
    from argolane.serving import bundle

    if not files and not folders:
        raise UsageError("Apply what? Give -f FILE, -f - for stdin, -f FOLDER, or -k FOLDER.")
    seconds = duration(timeout)
    here = project()
    found = documents(files, folders, recursive=recursive)
    if namespace:
        found = bundle.within(found, namespace)
    for applied in bundle.apply(here, found, say=warn):
        body = applied.object
        click.echo(f"{_shown(body['kind'], body['metadata']['name'])} {applied.verb}")
    if waits:
        wait_for(here, bundle.references(here, found), seconds=seconds)


@click.command(short_help="Wait until objects are up, or gone.")
@click.argument("names", metavar="[KIND/NAME]...", nargs=-1)
@files_options
@namespace_option
@click.option(
    "--for",
    "condition",
    metavar="delete|condition=NAME[=VALUE]|jsonpath=PATH=VALUE",
    help="Default: until it is up.",
)
@timeout_option
def wait(
    names: tuple[str, ...],
    files: tuple[str, ...],
    folders: tuple[str, ...],
    recursive: bool,
    namespace: str | None,
    condition: str | None,
    timeout: str,
) -> None:
    """Wait until objects are up: `argolane wait deployment/score`, or -f with their manifests."""
    from argolane.cli.naming import named
    from argolane.serving import bundle

    seconds = duration(timeout)
    here = project()
    wanted = [named(here, name, namespace) for name in names]
    if files or folders:
        found = documents(files, folders, recursive=recursive)
        wanted += bundle.references(here, bundle.within(found, namespace) if namespace else found)
    if not wanted:
        raise UsageError("Wait for what? Give KIND/NAME, as deployment/score, or -f FILE, or -k FOLDER.")
    if condition is None:
        wait_for(here, wanted, seconds=seconds)
        return
    from argolane.serving import waiting

    with _interruptible():
        for each in waiting.until(here, wanted, condition, timeout=seconds):
            click.echo(f"{each.shown} {'deleted' if condition == 'delete' else 'condition met'}")


def wait_for(here: "Project", wanted: "Sequence[Reference]", *, seconds: float) -> None:
    """Say how each object stands whenever that changes, until all are up."""
    from argolane.serving import bundle

    def told(name: str, lacks: str) -> None:
        click.echo(f"{name}: {lacks}" if lacks else f"{name} is up")

    with _interruptible():
        bundle.wait(here, wanted, timeout=seconds, told=told)


class _interruptible:  # noqa: N801  (a context manager of one use)
    """Ctrl-C ends the waiting and nothing else."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            click.echo("\nInterrupted: what was applied stays up, or goes on to come up.", err=True)
            sys.exit(_INTERRUPTED)


def warn(text: str) -> None:
    click.echo(f"Warning: {text}", err=True)


def duration(text: str) -> float:
    """`90`, `90s`, `5m`, `1h` as seconds; UsageError for what is no time."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise UsageError(f"--timeout {text}: expected a number and s, m or h, such as 90s.")
    return float(match[1]) * _UNITS[match[2]]


def _shown(kind: str, name: str) -> str:
    from argolane.kubernetes import kinds

    return kinds.shown(kind, name)
