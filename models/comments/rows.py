"""A JSON Lines file in, its rows out, and back: what lies between the steps, an object for each comment.

Text that anybody can look at and that runs nothing when it is read. A file appears whole or not at all.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from models.contract.errors import ModelError

Row = dict[str, Any]


def read(path: Path, *needed: str) -> Iterator[Row]:
    """The rows, one by one. Raises ModelError for a line that is no object with the `needed` fields."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield _row(line, f"{path}: line {number}", needed)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}. Has the step before been run?") from None
    except UnicodeDecodeError:
        raise ModelError(f"{path} is not UTF-8; expected JSON Lines.") from None


def write(path: Path, rows: Iterable[Row]) -> int:
    """How many rows there were."""
    count = 0
    with _whole(path) as file:
        for count, row in enumerate(rows, 1):  # noqa: B007  the last one is the number of rows
            # ASCII, for half a surrogate pair is no UTF-8, and comments have been seen to hold some.
            file.write(json.dumps(row, separators=(",", ":")) + "\n")
    return count


def write_text(path: Path, text: str) -> None:
    """A file beside the rows: what was learned, or what is told about them."""
    with _whole(path) as file:
        file.write(text)


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[IO[str]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _row(line: str, where: str, needed: tuple[str, ...]) -> Row:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise ModelError(f"{where} is no JSON object: {line[:60]!r}.")
    missing = [name for name in needed if name not in row]
    if missing:
        raise ModelError(f"{where} has no {' and no '.join(missing)}; it has {', '.join(row) or 'nothing'}.")
    return row
