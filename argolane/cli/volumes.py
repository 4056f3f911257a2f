"""The command about volumes: what runs and claims hold."""

import sys
from typing import TYPE_CHECKING

import click

from argolane.cli.group import image_option, namespace_option, on_option, project

if TYPE_CHECKING:
    from argolane.workflow.run.volumes import Entry


@click.group()
def volume() -> None:
    """Look into the volumes of runs, and into claims.

    RUN:VOLUME/PATH is in a volume that a run has for itself, CLAIM:PATH in one that stays.
    """


@volume.command("ls")
@click.argument("where", metavar="[RUN:VOLUME/PATH|CLAIM:PATH]", required=False)
@image_option
@on_option
@namespace_option
def ls_(where: str | None, image: str, on: str, namespace: str | None) -> None:
    """List a folder; without one, what there is to look into."""
    from argolane.workflow.run.volumes import target

    here = project()
    if on == "argo":
        from argolane.workflow.cluster import volumes as remote

        there = namespace or here.settings.namespace
        if where is None:
            names = remote.every(namespace=there)
        else:
            names = _lines(remote.ls(target(where), namespace=there, image=image))
    else:
        from argolane.workflow.local import volumes as local

        names = local.every(here) if where is None else _lines(local.ls(here, target(where)))
    for name in names:
        click.echo(name)


@volume.command()
@click.argument("where", metavar="RUN:VOLUME/PATH|CLAIM:PATH")
@image_option
@on_option
@namespace_option
def cat(where: str, image: str, on: str, namespace: str | None) -> None:
    """Write a file to stdout as it is."""
    from argolane.workflow.run.volumes import target

    here = project()
    if on == "argo":
        from argolane.workflow.cluster import volumes as remote

        pieces = remote.cat(target(where), namespace=namespace or here.settings.namespace, image=image)
    else:
        from argolane.workflow.local import volumes as local

        pieces = local.cat(here, target(where))
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _lines(entries: "list[Entry]") -> list[str]:
    width = max((len(str(entry.size or "")) for entry in entries), default=0)
    return [
        f"{'':{width}}  {entry.name}/" if entry.size is None else f"{entry.size:{width}}  {entry.name}"
        for entry in entries
    ]
