"""A file of clean texts in, the same with their lemmas out: `python -m models.comments.tokens`."""

import time
from collections.abc import Iterator
from pathlib import Path

from models.comments import cli, rows
from models.comments.tokens.lemmas import language, lemmas


@cli.command
@cli.path("in", "Clean comments, JSON Lines with a `text` each.")
@cli.path("out", "The same, with `lemmas` besides.")
def main(in_path: Path, out_path: Path) -> None:
    """Split texts into words and bring these into their basic form."""
    language()
    started = time.perf_counter()
    count = rows.write(out_path, _with_lemmas(in_path))
    cli.done("tokens", count, out_path, time.perf_counter() - started)


def _with_lemmas(path: Path) -> Iterator[rows.Row]:
    for row in rows.read(path, "text"):
        (words,) = lemmas([row["text"]])
        yield {**row, "lemmas": words}


if __name__ == "__main__":
    main()
