"""Rows that are done in, a bar on a terminal and last lines out: how `predict --batch` is seen."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from argolane.errors import ArgolaneError
from argolane.serving.batch.output import failed_file


def predict_batch(path: Path, *, out: Path, **asked: Any) -> None:
    """ArgolaneError if rows failed; exit status 130 after Ctrl-C."""
    from argolane.serving.batch.job import predict_file

    seen = [0, 0]
    with _bar() as told:

        def noted(done: int, rows: int, failed: int) -> None:
            seen[:] = done, rows
            told(done, rows, failed)

        try:
            done = predict_file(path, out=out, told=noted, **asked)
        except KeyboardInterrupt:
            _left(*seen)
            raise SystemExit(130) from None
        except ArgolaneError:
            _left(*seen)
            raise
    before = f", {done.before} of them by an earlier start" if done.before else ""
    click.echo(f"{out}: {done.rows} rows{before}.")
    if done.failed:
        raise ArgolaneError(
            f"{done.failed} of {done.rows} rows failed: {failed_file(out)} says which and why."
        )


def _left(done: int, rows: int) -> None:
    if done:
        click.echo(f"{done} of {rows} rows are done. The same command goes on from there.", err=True)


@contextlib.contextmanager
def _bar() -> Iterator[Any]:
    if not sys.stderr.isatty():
        yield lambda done, rows, failed: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("rows", total=None)

        def told(done: int, rows: int, failed: int) -> None:
            description = f"rows, {failed} failed" if failed else "rows"
            progress.update(task, completed=done, total=rows, description=description)

        yield told
