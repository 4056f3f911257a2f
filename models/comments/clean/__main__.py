"""A file of comments in, the same with clean texts out: `python -m models.comments.clean`."""

import time
from pathlib import Path

from models.comments import cli, rows
from models.comments.clean.text import clean


@cli.command
@cli.path("in", "Comments, JSON Lines with a `text` each.")
@cli.path("out", "The same, with clean texts.")
def main(in_path: Path, out_path: Path) -> None:
    """Undo what HTML, Markdown and wrong encodings did to the texts of comments."""
    started = time.perf_counter()
    count = rows.write(out_path, ({**row, "text": clean(row["text"])} for row in rows.read(in_path, "text")))
    cli.done("clean", count, out_path, time.perf_counter() - started)


if __name__ == "__main__":
    main()
