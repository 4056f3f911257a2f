"""A file of rows that a model was asked in, the values of each feature out: .csv or .jsonl.

A line of .jsonl is a row as a list, an object of features by name, or a request as Seldon has it. Columns
that the model has not learned are left out; an empty cell and null are missing values.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, UsageError
from argolane.serving.batch.csv_table import csv_rows, header, miscounted, number, opened
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
    except (OSError, UnicodeDecodeError) as error:
        raise ArgolaneError(f"{file}: cannot be read: {error}.") from None
    try:
        return Rows(by_name(features, rows, str(file)), file.name)
    except NoRows as error:
        raise ArgolaneError(str(error)) from None


def _of_csv(path: Path, features: Sequence[str]) -> Iterator[list[Any]]:
    with opened(path) as file:
        names, separator = header(path, file)
        wanted = [name.strip() for name in features]  # as the header's are
        if missing := [name for name in wanted if name not in names]:
            shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise ArgolaneError(
                f"{path}: line 1: there is no column {shown}; expected the {len(features)} features of the"
                " model, in any order."
            )
        places = [(name, names.index(name)) for name in wanted]
        for line, row in csv_rows(path, file, separator):
            if fault := miscounted(line, row, names):
                raise ArgolaneError(f"{path}: {fault}")
            yield [_number(row[place], f"{path}: line {line}: {name}") for name, place in places]


def _number(cell: str, where: str) -> float | None:
    if cell.strip().lower() in _MISSING:
        return None
    found = number(cell)
    if found is None:
        raise ArgolaneError(f"{where} is {cell!r:.40}; drift is measured of numbers alone.")
    return found


def _of_lines(path: Path, features: Sequence[str]) -> Iterator[list[Any]]:
    with path.open(encoding="utf-8-sig") as file:
        for place, line in enumerate(file, 1):
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
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise ArgolaneError(
                    f"{path}: line {place}: {type(error).__name__}: {error}; expected a list of"
                    f" {len(features)} values, an object with the features by name, or a request with"
                    " data.ndarray."
                ) from None


def _of_request(data: Any, features: Sequence[str]) -> Iterator[list[Any]]:
    """Columns by their names, where these are the model's; else in its order."""
    names, rows = (data.get("names") or [], data["ndarray"]) if isinstance(data, dict) else (None, None)
    if not isinstance(names, list) or not isinstance(rows, list):
        raise TypeError("data has no lists of rows and names")
    known = set(features) & set(names)
    if known and (lost := [name for name in features if name not in known]):
        raise KeyError(lost[0])
    if len(set(names)) < len(names):
        raise ValueError("a name is there twice in data.names")
    order = [names.index(name) for name in features] if known else []
    for row in rows:
        if not isinstance(row, list):
            raise TypeError(f"a row is {row!r:.40}")
        if known and len(row) != len(names):
            raise ValueError(f"a row has {len(row)} values, data.names {len(names)}")
        yield [row[place] for place in order] if known else row


def _rounded(value: Any) -> Any:
    """As the rows of the version are: that a number has more digits is no drift."""
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
