"""A version in the model store and rows that were asked of it in, how far each feature has moved out.

What was trained on is a file that training leaves with the version, training.json.gz. Rows that were asked
are those of a file (`asked_rows`), or those that the task `traffic` of a workflow has recorded.
"""

import gzip
import json
import math
import sqlite3
import sys
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from argolane.serving.statistics.drift import Movement, movements, worst

TRAINING = "training.json.gz"
SENT = "samples.json.gz"
_LARGEST = sys.float_info.max


class NoRows(ValueError):
    """There are none to compare, or they have no numbers; the message says where."""


@dataclass(frozen=True)
class Rows:
    """The values of each feature by its name, and in words where they are from."""

    features: Mapping[str, Sequence[float | None]]
    source: str

    @property
    def count(self) -> int:
        return len(next(iter(self.features.values()), ()))


@dataclass(frozen=True)
class Drifted:
    """Of what was asked, against a version: the furthest moved feature first."""

    asked: str
    against: str
    rows: int
    trained: int
    verdict: str
    features: Sequence[Movement]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def summary(self) -> str:
        """`drift: 2 features: 1 drift, 1 ok`."""
        counts: dict[str, int] = {}
        for one in self.features:
            counts[one.verdict] = counts.get(one.verdict, 0) + 1
        said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        return f"{self.verdict}: {len(self.features)} features: {said}"


def drifted(before: Rows, after: Rows) -> Drifted:
    """Raises NoRows where `after` lacks a feature."""
    missing = [name for name in before.features if name not in after.features]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise NoRows(
            f"{after.source}: there is no {shown}; expected the {len(before.features)} features of"
            f" {before.source}."
        )
    found = movements(before.features, after.features)
    return Drifted(after.source, before.source, after.count, before.count, worst(found), found)


def trained_on(store: Path, unit: str, version: str) -> Rows:
    """Raises NoRows for a version that has no training rows with it."""
    file = store / unit / version / TRAINING
    if not file.exists():
        raise NoRows(
            f"{unit}:{version} has no {TRAINING}, by which drift is measured: it was trained on text, or"
            " before training left one. Then train it again."
        )
    return Rows(by_name(*read(file), str(file)), f"{unit}:{version}")


def recorded(file: Path, store: Path) -> Rows:
    """The rows that `traffic` has sent: held-out rows of the first arm's version, which all arms share.

    Each once: traffic begins anew where they end, and a row that was sent again is no further evidence.
    """
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=rw", uri=True, timeout=60)) as opened:
            told = opened.execute("SELECT name, value FROM about")
            about = {name: json.loads(value) for name, value in told}
            numbers = [number for (number,) in opened.execute("SELECT DISTINCT row FROM observations")]
            [(requests,)] = opened.execute("SELECT count(*) FROM observations")
        arm, run = about["arms"][0], about["run"]
        samples = store / arm["unit"] / arm["version"] / SENT
    except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
        raise NoRows(f"{file}: not the observations of a graph's traffic: {error}.") from None
    names, known = read(samples)
    lost = [number for number in numbers if not isinstance(number, int) or not 0 <= number < len(known)]
    if lost:
        raise NoRows(f"{samples}: it has {len(known)} rows; row {lost[0]!r} was sent of it, by {file}.")
    rows = [known[number] for number in numbers]
    named = names if rows and names and len(names) == len(flat(rows[0])) else None  # as the training rows are
    return Rows(by_name(named, rows, str(samples)), f"{requests} requests of run {run}")


def by_name(names: Sequence[str] | None, rows: Sequence[Any], where: str) -> dict[str, list[float | None]]:
    """Columns of numbers, None where a value is missing. Raises NoRows for text, for uneven rows."""
    if not rows:
        raise NoRows(f"{where}: there are no rows.")
    columns: list[list[float | None]] = [[] for _ in names or flat(rows[0])]
    names = names or [f"x{place}" for place in range(len(columns))]
    for number, row in enumerate(rows, 1):
        values = flat(row)
        if len(values) != len(columns):
            raise NoRows(f"{where}: row {number} has {len(values)} values; expected {len(columns)}.")
        for name, column, value in zip(names, columns, values, strict=True):
            if isinstance(value, float) and math.isnan(value):
                value = None
            if value is not None and not (isinstance(value, int | float) and abs(value) <= _LARGEST):
                raise NoRows(
                    f"{where}: row {number}: {name} is {value!r:.40}; drift is measured of numbers alone."
                )
            column.append(value)
    return dict(zip(names, columns, strict=True))


def flat(row: Any) -> list[Any]:
    """An image of lists as one list; text is one value."""
    if not isinstance(row, list):
        return [row]
    return [value for one in row for value in flat(one)] if any(isinstance(v, list) for v in row) else row


def read(path: Path) -> tuple[Sequence[str] | None, Sequence[Any]]:
    """Names of features, if there are any, and rows of a file of the store. Raises NoRows."""
    try:
        told = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise NoRows(f"{path}: cannot be read: {error}.") from None
    names, rows = (told.get(what) for what in ("names", "rows")) if isinstance(told, dict) else (None, None)
    if not isinstance(rows, list) or not isinstance(names, list | None):
        raise NoRows(f"{path}: expected an object with names and rows, both lists.")
    return names, rows
