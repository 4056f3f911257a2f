"""What the parts of a batch tell each other: the rows of a file, and what was answered to some of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError

_SHOWN = 10


@dataclass(frozen=True)
class Chunk:
    """Rows that follow each other: `first` is the number of the first, from 0."""

    first: int
    rows: list[list[Any]]
    lines: list[int]

    def halves(self) -> tuple["Chunk", "Chunk"]:
        middle = len(self.rows) // 2
        return (
            Chunk(self.first, self.rows[:middle], self.lines[:middle]),
            Chunk(self.first + middle, self.rows[middle:], self.lines[middle:]),
        )


@dataclass(frozen=True)
class Table:
    """A file that was read once from its beginning to its end, and found good."""

    path: Path
    names: list[str]
    count: int
    digest: str
    text: list[str]
    """The names of the columns that hold text; the others are numbers."""
    read: Callable[[], Iterator[tuple[int, list[Any]]]]
    """Its rows anew, each with the line that it begins in (of Parquet: the number of the row)."""
    unit: str = "line"

    def chunks(self, done: bytearray, *, size: int) -> Iterator[Chunk]:
        """The rows that are not done, at most `size` at once."""
        chunk = Chunk(0, [], [])
        for number, (line, row) in enumerate(self.read()):
            if number >= self.count:
                raise ArgolaneError(f"{self.path} was changed while it was read. Start again.")
            if chunk.rows and (done[number] or len(chunk.rows) == size):
                yield chunk
                chunk = Chunk(number, [], [])
            if done[number]:
                continue
            if not chunk.rows:
                chunk = Chunk(number, [], [])
            chunk.rows.append(row)
            chunk.lines.append(line)
        if chunk.rows:
            yield chunk


@dataclass(frozen=True)
class Answered:
    """What came of the rows from `first` on: a list of values for each, or None for one that failed."""

    first: int
    values: list[list[Any] | None]
    columns: list[str] = field(default_factory=list)
    failed: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Of rows that failed, by their number: the line and the reason."""


class Faults:
    """The first of the faults of a file, all told at once."""

    def __init__(self, path: Path) -> None:
        self._path, self._found, self._count = path, list[str](), 0

    def more(self, count: int) -> None:
        """So many that are not shown."""
        self._count += count

    def add(self, fault: str) -> None:
        self._count += 1
        if len(self._found) < _SHOWN:
            self._found.append(f"{self._path}: {fault}")

    def check(self) -> None:
        if self._count:
            more = self._count - len(self._found)
            raise ArgolaneError("\n".join(self._found + ([f"and {more} more faults."] if more else [])))
