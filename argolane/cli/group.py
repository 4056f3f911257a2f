"""Errors in, one line on stderr out: the group that all commands belong to, and what they share."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from argolane import disk
from argolane.errors import ArgolaneError, UsageError

if TYPE_CHECKING:
    from argolane.project import Project
    from argolane.settings import ImagePolicy


class Group(click.Group):
    """Turns our errors into lines on stderr and an exit status; lists commands in the order of use."""

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
        except OSError as error:
            click.echo(f"Error: {disk.said(error, Path('the output'))}.", err=True)
            if disk.is_full(error):
                sys.stdout = None  # What it still holds would only fail once more.
            ctx.exit(1)


on_option = click.option(
    "--on",
    type=click.Choice(["local", "argo"]),
    default="local",
    show_default=True,
    help="Where: this machine, or the cluster of the current kube context.",
)
namespace_option = click.option(
    "-n", "--namespace", help="On argo: the namespace. Default: that of argolane.toml."
)
image_option = click.option(
    "--image",
    default="python:3.11-slim",
    show_default=True,
    help="On argo: of the pod that has the claim; has python3.",
)
older_than_option = click.option(
    "--older-than", metavar="AGE", default="30d", show_default=True, help="Unused for: 12h, 7d, 4w."
)
everything_option = click.option(
    "--all", "everything", is_flag=True, help="However short ago they were used."
)
output_option = click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True
)
parameter_option = click.option(
    "-p", "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="May be repeated."
)


images_option = click.option(
    "--images",
    type=click.Choice(["machine", "strict", "pull", "pull-all", "docker", "podman"]),
    help="Stock shell images: this machine's tools stand in for them (machine), or they are refused "
    "(strict). Images unknown here are pulled (pull), or all images are (pull-all), or Docker or Podman runs "
    "all containers. Default: what argolane.toml says, else machine.",
)


def project(images: "ImagePolicy | None" = None) -> "Project":
    """The project around the working folder; `images` is what --images says."""
    from dataclasses import replace

    from argolane.project import find

    found = find()
    return replace(found, settings=replace(found.settings, images=images)) if images else found


def place(here: "Project", *, on: str, namespace: str | None) -> str | None:
    """The namespace of the cluster that is asked about; None for this machine, which has none to choose."""
    if on == "argo":
        return namespace or here.settings.namespace
    if namespace is not None:
        raise UsageError(f"-n {namespace}: this machine has no namespaces. Add --on argo, or leave -n out.")
    return None


def given(values: tuple[str, ...], option: str = "-p") -> dict[str, str]:
    """`-p` options as a mapping; UsageError for one that is no NAME=VALUE, or is given twice."""
    found: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"{option} {text}: expected NAME={'VALUE' if option == '-p' else 'PATH'}.")
        if name in found:
            raise UsageError(f"{option} {name} is given twice.")
        found[name] = value
    return found


def write(text: str) -> None:
    click.echo(text, nl=False)


def show(drawn: Any) -> None:
    """Print text, or anything rich can draw; plain and unwrapped when stdout is no terminal."""
    if isinstance(drawn, str):
        click.echo(drawn)
        return
    from rich.console import Console

    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if terminal else 250, highlight=False, markup=False)
    console.print(drawn, soft_wrap=not terminal)
