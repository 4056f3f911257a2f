"""A file of rows that a model was asked in, the values of each feature out: .csv or .jsonl.

A line of .jsonl is a row as a list, an object of features by name, or a request as Seldon has it. Columns
that the model has not learned are left out; an empty cell and null are missing values.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, UsageError
from argolane.serving.drifted import NoRows, Rows, by_name

_MISSING = ("", "na", "nan", "null", "none")
_DIGITS = 6  # that the rows of a version have


def asked_rows(file: Path, features: Sequence[str]) -> Rows:
    """`features` are the model's, in its order. Raises ArgolaneError with the line."""
    readers = {".csv": _of_csv, ".jsonl": _of_lines}
    if file.suffix not in readers:
        raise UsageError(f"--from {file}: expected a name that ends in {' or '.join(readers)}.")
    try:
        rows = [[_rounded(value) for value in row] for row in readers[file.suffix](file, features)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArgolaneError(f"{file}: cannot be read: {error}.") from None
    try:
        return Rows(by_name(features, rows, str(file)), file.name)
    except NoRows as error:
        raise ArgolaneError(str(error)) from None


def _of_csv(file: Path, features: Sequence[str]) -> Iterator[list[Any]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        header = opened.readline()
        separator = next((one for one in ",;\t" if one in header), ",")  # as `predict --batch` reads it
        opened.seek(0)
        reader = csv.DictReader(opened, delimiter=separator, strict=True)
        if missing := [name for name in features if name not in (reader.fieldnames or ())]:
            shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise ArgolaneError(
                f"{file}: line 1: there is no column {shown}; expected the {len(features)} features of the"
                " model, in any order."
            )
        for row in reader:
            yield [_number(row[name], f"{file}: line {reader.line_num}: {name}") for name in features]


def _number(cell: str | None, where: str) -> float | None:
    if cell is None or cell.strip().lower() in _MISSING:
        return None
    try:
        return float(cell)
    except ValueError:
        raise ArgolaneError(f"{where} is {cell!r:.40}; drift is measured of numbers alone.") from None


def _of_lines(file: Path, features: Sequence[str]) -> Iterator[list[Any]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            if isinstance(told, list):
                yield told
            elif "data" in told:
                yield from _of_request(told["data"], features)
            else:
                yield [told[name] for name in features]
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise ArgolaneError(
                f"{file}: line {number}: {type(error).__name__}: {error}; expected a list of"
                f" {len(features)} values, an object with the features by name, or a request with"
                " data.ndarray."
            ) from None


def _of_request(data: Any, features: Sequence[str]) -> Iterator[list[Any]]:
    """Columns by their names, where these are the model's; else in its order."""
    names = data.get("names") or ()
    order = [names.index(name) for name in features] if set(features) <= set(names) else None
    for row in data["ndarray"]:
        yield [row[place] for place in order] if order else list(row)


def _rounded(value: Any) -> Any:
    """As the rows of the version are: that a number has more digits is no drift."""
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
