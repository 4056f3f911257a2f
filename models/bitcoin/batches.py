"""Lines of a CSV in, days as arrays and faults out: the work of the pipeline, a block of lines at a time.

Arrow takes apart what is plainly a day; any other line is read by itself, by the rules of
models/data/bitcoin.py, which also say what is wrong with it. So days and faults are those of
reading each line by itself.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.data.bitcoin import COLUMNS, NUMBERS, BadRow, Day, cells, day, unique

DERIVED = "range"  # log(high / low)
WRITTEN = (*COLUMNS, DERIVED)
DTYPE = np.dtype([("date", "S10"), *((name, "f8") for name in NUMBERS)])
_DATE = r"^\d{4}-\d{2}-\d{2}$"
# Of few enough digits to be finite, and read alike by everybody.
_NUMBER = r"^\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?$"
_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_WEIGHTS = 31 ** np.arange(DTYPE["date"].itemsize, dtype=np.uint64)


@dataclass(frozen=True)
class Layout:
    """Of the file that is read: where the columns are, and which rows are meant."""

    where: Mapping[str, int]
    width: int
    only: tuple[tuple[int, str], ...] = ()  # (column, what it must hold) of the rows that are looked at


def parse(block: bytes, layout: Layout) -> tuple[np.ndarray, list[str]]:
    """(days [n] of DTYPE, what is wrong with each other row that is meant) of lines without the header."""
    lines = block.decode().replace("\r\n", "\n").split("\n")
    plain, days = _plain(pa.array(lines, pa.string()), layout)
    others, faults = [], []
    for number in np.flatnonzero(~plain):
        try:
            found = row(lines[number], layout)
            if found is not None:
                others.append(astuple(found))
        except BadRow as error:
            faults.append(str(error))
    return np.concatenate([days, np.array(others, DTYPE)]), faults


def row(line: str, layout: Layout) -> Day | None:
    """A line by itself; None where it is empty or not meant. Raises BadRow."""
    try:
        found = next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise BadRow(f"{line!r:.40}: no line of a CSV: {error}.") from None
    if not found:
        return None
    named = cells(found, layout.where, layout.width)
    return day(named) if all(found[place] == value for place, value in layout.only) else None


def by_date(days: np.ndarray, most: int) -> Iterator[tuple[int, np.ndarray]]:
    """(number below `most`, days) so that all rows of one date, of whatever block, have one number."""
    if not len(days):
        return
    numbers = (_letters(days).astype(np.uint64) @ _WEIGHTS) % np.uint64(most)
    order = np.argsort(numbers, kind="stable")
    edges = np.flatnonzero(np.diff(numbers[order])) + 1
    for part in np.split(order, edges):
        yield int(numbers[part[0]]), days[part]


def once(days: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(each date once, in their order; what is wrong with the dates whose rows say different things)."""
    days = days[np.argsort(days["date"], kind="stable")]
    again = np.r_[False, days["date"][1:] == days["date"][:-1]]
    differ = again & np.r_[False, days[1:] != days[:-1]]
    if not differ.any():
        return days[~again], []
    wrong = np.unique(days["date"][differ])
    faults = []
    for date in wrong:
        first, last = (np.searchsorted(days["date"], date, side) for side in ("left", "right"))
        try:
            unique(_day(one) for one in days[first:last])
        except BadRow as error:
            faults.append(str(error))
    return days[~again & ~np.isin(days["date"], wrong)], faults


def parts(days: np.ndarray, count: int) -> list[np.ndarray]:
    """The days cut into at most `count`, as they are dealt out one by one."""
    return [days[first::count] for first in range(min(count, len(days)))]


def text(days: np.ndarray) -> str:
    """Lines of a CSV, from which each number comes back as it was."""
    columns = [map(str, column) for column in _written(days)]
    return "\n".join(map(",".join, zip(*columns, strict=True)))


def table(days: np.ndarray) -> pa.Table:
    return pa.table(_written(days), schema=SCHEMA)


SCHEMA = pa.schema([(WRITTEN[0], pa.string()), *((name, pa.float64()) for name in WRITTEN[1:])])


def _written(days: np.ndarray) -> list[Sequence[Any]]:
    """What stands in a shard: the columns, and what is derived from them."""
    ratios = (days["high"] / days["low"]).tolist()
    columns = [days["date"].astype("U10").tolist(), *(days[name].tolist() for name in NUMBERS)]
    return [*columns, list(map(math.log, ratios))]


def _plain(lines: pa.StringArray, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """(which lines are done with: days for certain, and rows that are not meant; those days)."""
    split = pc.split_pattern(lines, ",")
    quoted = pc.match_substring_regex(lines, '["\r]')
    done = _array(pc.equal(pc.list_value_length(split), layout.width)) & ~_array(quoted)
    numbers, split = np.flatnonzero(done), split.filter(pa.array(done))
    meant = np.ones(len(numbers), bool)
    for place, value in layout.only:
        meant &= _array(pc.equal(pc.list_element(split, place), value))
    numbers, split = numbers[meant], split.filter(pa.array(meant))
    found = {
        name: pc.utf8_trim_whitespace(pc.list_element(split, place)) for name, place in layout.where.items()
    }
    found["date"] = pc.utf8_slice_codeunits(found["date"], 0, 10)
    good = _array(pc.match_substring_regex(found["date"], _DATE))
    for name in NUMBERS:
        good &= _array(pc.match_substring_regex(found[name], _NUMBER))
    chosen = pa.array(good)
    days = np.empty(int(good.sum()), DTYPE)
    days["date"] = found["date"].filter(chosen).cast(pa.binary()).to_numpy(zero_copy_only=False)
    for name in NUMBERS:
        days[name] = found[name].filter(chosen).cast(pa.float64()).to_numpy()
    right = _right(days)
    good[good] = right
    done[numbers[~good]] = False
    return done, days[right]


def _right(days: np.ndarray) -> np.ndarray:
    """Which are dates of the calendar with prices as `bitcoin.day` wants them."""
    digits = _letters(days).astype(int) - ord("0")
    year, month, number = (digits[:, places] @ (10 ** np.arange(len(places))[::-1]) for places in _PLACES)
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = _LENGTHS[np.clip(month, 0, 12)] + leap
    real = (year > 0) & (month > 0) & (month <= 12) & (number > 0) & (number <= last)
    low, high = days["low"], days["high"]
    ends = np.minimum(days["open"], days["close"]), np.maximum(days["open"], days["close"])
    inside = (low <= ends[0]) & (ends[1] <= high)
    return real & inside & (low > 0) & (low != high) & (days["volume"] > 0)


_PLACES = ([0, 1, 2, 3], [5, 6], [8, 9])


def _letters(days: np.ndarray) -> np.ndarray:
    """Of the dates, [n, 10]."""
    return np.ascontiguousarray(days["date"]).view(np.uint8).reshape(-1, DTYPE["date"].itemsize)


def _day(one: np.void) -> Day:
    date, *numbers = one.item()
    return Day(date.decode(), *numbers)


def _array(values: Any) -> np.ndarray:
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)
