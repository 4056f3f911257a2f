"""A CSV file in, a Table out; or all that is wrong with it, by line and column.

A column is of numbers if more than half of its cells are: then each of the others is a fault, unless the
column is said to be text. Separators are commas, or semicolons or tabs where the header has no comma.
"""

import csv
import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from argolane.errors import ArgolaneError, unknown
from argolane.serving.batch.rows import Faults, Table

_NUMBER = re.compile(r"\s*[+-]?(\d+|(\d+\.\d*|\.\d+)([eE][+-]?\d+)?|\d+[eE][+-]?\d+)\s*", re.ASCII)
_LARGEST_CELL = 1 << 26
_KEPT = 10


def csv_table(path: Path, *, text: Sequence[str] = ()) -> Table:
    """`text`: columns that are text though they look like numbers."""
    csv.field_size_limit(_LARGEST_CELL)
    digest = _digest(path)
    with opened(path) as file:
        names, separator = header(path, file)
        for name in text:
            if name not in names:
                raise ArgolaneError(unknown("column", name, names, where=f"{path}: --text {name}: "))
        faults = Faults(path)
        columns = [_Column(name, text=name in text) for name in names]
        count = 0
        for line, row in csv_rows(path, file, separator):
            count += 1
            if fault := miscounted(line, row, names):
                faults.add(fault)
                continue
            for column, cell in zip(columns, row, strict=True):
                column.see(cell, line)
    if not count:
        raise ArgolaneError(f"{path}: it has a header and no rows.")
    for column in columns:
        column.tell(faults)
    faults.check()
    texts = [column.name for column in columns if column.is_text]

    def read() -> Iterator[tuple[int, list[Any]]]:
        with opened(path) as file:
            header(path, file)
            for line, row in csv_rows(path, file, separator):
                yield line, [c if k.is_text else number(c) for c, k in zip(row, columns, strict=True)]

    return Table(path, names, count, digest, texts, read)


class _Column:
    def __init__(self, name: str, *, text: bool) -> None:
        self.name, self._text, self._numbers, self._others = name, text, 0, 0
        self._found: list[tuple[int, str]] = []

    def see(self, cell: str, line: int) -> None:
        if self._text:
            return
        if number(cell) is not None:
            self._numbers += 1
            return
        self._others += 1
        if len(self._found) < _KEPT:
            self._found.append((line, cell))

    @property
    def is_text(self) -> bool:
        return self._text or self._numbers <= self._others

    def tell(self, faults: Faults) -> None:
        if self.is_text:
            return
        for line, cell in self._found:
            found = f"{cell[:40]!r} is no number" if cell.strip() else "there is no value"
            faults.add(
                f"line {line}, column {self.name!r}: {found}. The column is of numbers; "
                f"mend the cell, or say --text {self.name} if the column is text."
            )
        faults.more(self._others - len(self._found))


def number(cell: str) -> int | float | None:
    """A finite number, or None."""
    if not _NUMBER.fullmatch(cell):
        return None
    try:
        return int(cell)
    except ValueError:
        value = float(cell)
    return value if math.isfinite(value) else None


def miscounted(line: int, row: Sequence[str], names: Sequence[str]) -> str:
    """What is wrong with the number of a line's cells; empty if nothing is."""
    if len(row) == len(names):
        return ""
    return f"line {line} has {len(row)} cells; the header, line 1, has {len(names)} columns."


def opened(path: Path) -> IO[str]:
    """For `header` and then `csv_rows` to read. Raises OSError."""
    return path.open(encoding="utf-8-sig", newline="")


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArgolaneError(f"{path}: {error.strerror or error}.") from None


def header(path: Path, file: IO[str]) -> tuple[list[str], str]:
    """Names of the columns and what separates them. ArgolaneError for names that are none, or not unique."""
    try:
        first = file.readline()
    except UnicodeDecodeError:
        raise ArgolaneError(f"{path}: not UTF-8 text.") from None
    if not first.strip():
        there = "the file is empty" if not first else "line 1 is empty"
        raise ArgolaneError(f"{path}: {there}; expected a header with the names of the columns, and rows.")
    separator = next((s for s in ",;\t" if s in first), ",")
    try:
        names = [name.strip() for name in next(csv.reader([first], delimiter=separator, strict=True))]
    except csv.Error as error:
        raise ArgolaneError(f"{path}: line 1: {error}.") from None
    told = f"{path}: line 1, the header"
    counted = len(names) > 1 and names == [str(at) for at in range(len(names))]
    if not counted and all(number(name) is not None for name in names):
        raise ArgolaneError(
            f"{told}, is of numbers: {', '.join(names[:5])}. "
            "Expected the names of the columns: write them above the rows."
        )
    if "" in names:
        raise ArgolaneError(f"{told}: column {names.index('') + 1} has no name.")
    if twice := [name for name in names if names.count(name) > 1]:
        raise ArgolaneError(
            f"{told}: {twice[0]!r} is there twice; expected a name of its own for each column."
        )
    return names, separator


def csv_rows(path: Path, file: IO[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """What comes after the header: the line that a row begins in, and its cells. Raises ArgolaneError."""
    reader = csv.reader(file, delimiter=separator, strict=True)
    line = 2
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 2
    except csv.Error as error:
        raise ArgolaneError(f"{path}: line {line}: {error}.") from None
    except UnicodeDecodeError:
        raise ArgolaneError(f"{path}: line {line} or one of the next is not UTF-8 text.") from None
