"""A journal in, the file of answers and one that names the rows that failed out: each whole or not at all."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from argolane.errors import UsageError
from argolane.serving.batch import parquet
from argolane.serving.batch.journal import Journal

FORMS = (".csv", ".parquet", ".jsonl")


def check_form(out: Path) -> None:
    """UsageError unless the name says in which form answers are written."""
    if out.suffix not in FORMS:
        raise UsageError(f"--out {out}: expected a name that ends in {', '.join(FORMS)}.")
    if out.suffix == ".parquet":
        parquet.needed(out)


def failed_file(out: Path) -> Path:
    return out.with_name(f"{out.stem}.failed.csv")


def write(journal: Journal, out: Path) -> None:
    """A row of the output for each of the input, in its order; one that failed has no values."""
    header = ["row", *journal.columns]
    width = len(journal.columns)

    def rows() -> Iterator[list[Any]]:
        for answered in journal.answers():
            for number, values in enumerate(answered.values, answered.first + 1):
                yield [number, *(values if values is not None else [None] * width)]

    if journal.failed:
        _whole(failed_file(out), lambda new: _csv(new, ["row", "line", "reason"], _failures(journal)))
    if out.suffix == ".csv":
        _whole(out, lambda new: _csv(new, header, rows()))
    elif out.suffix == ".jsonl":
        _whole(out, lambda new: _lines(new, header, rows()))
    else:
        columns = list(zip(*rows(), strict=True))
        _whole(out, lambda new: parquet.write(new, dict(zip(header, map(list, columns), strict=True))))


def _failures(journal: Journal) -> Iterator[list[Any]]:
    for answered in journal.answers():
        for row, (line, reason) in sorted(answered.failed.items()):
            yield [row + 1, line, reason]


def _csv(new: Path, header: list[str], rows: Iterator[list[Any]]) -> None:
    with new.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict | bool) else value


def _lines(new: Path, header: list[str], rows: Iterator[list[Any]]) -> None:
    with new.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) + "\n")


def _whole(file: Path, write_to: Callable[[Path], None]) -> None:
    new = file.with_name(f".{file.name}.new")
    try:
        write_to(new)
        _sync(new.open("rb"))
        new.replace(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def _sync(file: IO[bytes]) -> None:
    with file:
        os.fsync(file.fileno())
