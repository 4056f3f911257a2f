"""A function of a step in, its command line out: the flags that steps share, faults in one line on stderr."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from models.comments import rows
from models.contract.errors import ModelError

PATH = click.Path(path_type=Path)
ACTION = click.option("--action", type=click.Choice(["train", "predict"]), required=True,
                      help="train learns and writes --model-path; predict reads it.")  # fmt: skip


def command(function: Callable[..., None]) -> click.Command:
    """What a user can mend ends the step with exit code 1 and its message; the rest is a bug and looks it."""

    @functools.wraps(function)
    def step(seconds_path: Path | None, **flags: Any) -> None:
        started = time.perf_counter()
        try:
            function(**flags)
            seconds = time.perf_counter() - started
            if seconds_path is not None:
                rows.write_text(seconds_path, f"{seconds:.3f}\n")
        except (ModelError, OSError) as error:
            raise click.ClickException(str(error)) from None

    said = path("seconds", "Where to write how many seconds it took.", required=False)(step)
    return click.command(context_settings={"show_default": True})(said)


def path(name: str, text: str, *, required: bool = True, many: bool = False) -> Callable[[Any], Any]:
    """`--in-path` and its like."""
    return click.option(
        f"--{name}-path", type=PATH, required=required, multiple=many, metavar="FILE", help=text
    )


def done(what: str, count: int, to: Path, seconds: float) -> None:
    """One line about what a step did."""
    rate = f", {count / seconds:,.0f} rows/s" if seconds > 0 else ""
    click.echo(f"{what}: {count} rows -> {to} in {seconds:.2f} s{rate}")
