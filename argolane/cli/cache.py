"""The commands about what is kept for next time: cache ls, cache prune."""

import json
from datetime import UTC, datetime

import click

from argolane.cli.group import everything_option, older_than_option, output_option, project


@click.group(short_help="List or remove the Python environments.")
def cache() -> None:
    """List or remove the Python environments that were made from lock files."""


@cache.command("ls")
@output_option
def list_(output: str) -> None:
    """List them: how large, when used last, and whether a process runs in one now."""
    from argolane.containers import kept

    folder = project().cache / "envs"
    found = list(kept.every(folder))
    if output == "json":
        listed = [
            {"name": each.name, "bytes": each.size, "used": moment(each.used), "busy": each.busy}
            for each in found
        ]
        click.echo(json.dumps(listed, indent=2))
        return
    for each in found:
        busy = "  in use" if each.busy else ""
        click.echo(f"{megabytes(each.size):>9}  {moment(each.used)}  {each.name}{busy}")
    click.echo(f"{len(found)} environments, {megabytes(sum(each.size for each in found))}: {folder}")


@cache.command()
@older_than_option
@everything_option
def prune(older_than: str, everything: bool) -> None:
    """Remove those that nobody used for a while; they are made anew when they are needed."""
    from argolane.cli.removal import unused
    from argolane.containers import kept

    freed = 0
    for each in kept.prune(project().cache / "envs", unused=unused(older_than, everything)):
        freed += each.size
        click.echo(f"Environment {each.name} removed.")
    click.echo(f"{megabytes(freed)} freed.")


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
