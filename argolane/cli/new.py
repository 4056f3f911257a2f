"""The commands that begin something: `new model`, a folder of a project; `init`, a project."""

from pathlib import Path

import click

from argolane.cli.group import Group, project


@click.group(cls=Group, short_help="Write a model to edit.")
def new() -> None:
    """Write what is to be edited, complete from the start."""


@new.command()
@click.argument("name")
@click.option("--like", "kind", metavar="KIND", help="What it starts from; without it, the kinds are told.")
def model(name: str, kind: str | None) -> None:
    """Write the folder of a model NAME, which trains as it is.

    The kinds are the folders in what argolane.toml names as new.model.templates.
    """
    from argolane.new import model as make

    here = project()
    folder = make(here, name, kind)
    for path in sorted(folder.iterdir()):
        click.echo(path.relative_to(here.root))
    click.echo("Edit them. Its workflows: argolane render, then argolane list.")


@click.command(short_help="Start a project in a folder.")
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Start a project in FOLDER, a new or an empty one: a model, its workflow, tests."""
    from argolane.new import init as make

    made = make(folder)
    for path in sorted(entry for entry in made.rglob("*") if entry.is_file()):
        click.echo(path.relative_to(made))
    click.echo(f"Go on in {folder}: README.md says how.")
