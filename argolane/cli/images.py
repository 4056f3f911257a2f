"""The commands about real images: images ls, pull, load, rm, prune."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from argolane.cli.group import everything_option, older_than_option, output_option, project

if TYPE_CHECKING:
    from argolane.containers.oci.pull import Progress


@click.group(short_help="List, pull, load or remove real images.")
def images() -> None:
    """List, pull, load or remove real images, which `--images pull` runs containers of."""


@images.command("ls")
@output_option
def list_(output: str) -> None:
    """List them: size as pulled and unpacked, when used last, whether a process uses one now."""
    from argolane.cli.cache import megabytes, moment
    from argolane.containers.oci import kept
    from argolane.containers.oci.prepared import store

    here = store(project())
    found = kept.every(here)
    if output == "json":
        listed = [
            {
                "name": each.known.name,
                "digest": each.known.manifest,
                "bytes": each.size,
                "unpacked": each.unpacked,
                "used": moment(each.used),
                "source": each.known.source,
                "busy": each.busy,
            }
            for each in found
        ]
        click.echo(json.dumps(listed, indent=2))
        return
    for each in found:
        unpacked = "-" if each.unpacked is None else megabytes(each.unpacked)
        busy = "  in use" if each.busy else ""
        click.echo(
            f"{megabytes(each.size):>9} {unpacked:>10}  {moment(each.used)}  {each.known.name}  "
            f"{each.known.manifest[:19]}{busy}"
        )
    click.echo(f"{len(found)} images: {here.folder}")


@images.command()
@click.argument("references", metavar="IMAGE...", nargs=-1, required=True)
def pull(references: tuple[str, ...]) -> None:
    """Pull and unpack each IMAGE, as its registry has it now."""
    from argolane.containers.oci import prepared
    from argolane.containers.oci import pull as pulling

    here = project()
    store = prepared.store(here)
    for reference in references:
        with _Bar() as told:
            known = pulling.fetch(store, reference, here.settings.registry, say=_say, told=told)
        prepared.get(store, reference, here.settings.registry, say=_say)
        click.echo(f"{known.name}  {known.manifest}")


@images.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="IMAGE", help="The name of its only image; default: what the file says.")
@click.option(
    "--from",
    "engine",
    type=click.Choice(["docker", "podman"]),
    help="FILE is the name of an image that this engine has.",
)
def load(file: Path, name: str | None, engine: str | None) -> None:
    """Take the images of FILE: a tar of `docker save`, or an OCI layout as a folder or a tar."""
    from argolane.containers.oci import archives
    from argolane.containers.oci.prepared import store

    here = store(project())
    found = archives.from_engine(here, engine, str(file)) if engine else archives.load(here, file, name=name)
    for known in found:
        click.echo(f"{known.name}  {known.manifest}")


@images.command()
@click.argument("references", metavar="IMAGE...", nargs=-1, required=True)
def rm(references: tuple[str, ...]) -> None:
    """Remove each IMAGE, and of its layers what no other image has."""
    from argolane.cli.cache import megabytes
    from argolane.containers.oci import kept
    from argolane.containers.oci.prepared import store

    here = store(project())
    for reference in references:
        freed = kept.remove(here, reference)
        click.echo(f"Image {reference} removed; {megabytes(freed)} freed.")


@images.command()
@older_than_option
@everything_option
def prune(older_than: str, everything: bool) -> None:
    """Remove those that nobody used for a while, and what belongs to no image."""
    from argolane.cli.cache import megabytes
    from argolane.cli.removal import unused
    from argolane.containers.oci import kept
    from argolane.containers.oci.prepared import store

    total = 0
    for name, freed in kept.prune(store(project()), unused=unused(older_than, everything)):
        total += freed
        click.echo(f"{name} removed.")
    click.echo(f"{megabytes(total)} freed.")


def _say(text: str) -> None:
    click.echo(text, err=True)


class _Bar:
    """A progress bar on a terminal, nothing elsewhere: the lines that are said must do there."""

    def __enter__(self) -> "Callable[[Progress], None] | None":
        self._bar = None
        if not sys.stderr.isatty():
            return None
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

        self._bar = Progress(
            BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=Console(stderr=True)
        )
        bar, task = self._bar, self._bar.add_task("", total=None)
        bar.start()
        return lambda progress: bar.update(task, completed=progress.done, total=progress.whole)

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()
