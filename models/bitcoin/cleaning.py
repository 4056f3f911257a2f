"""Lines of a CSV in, days and bad rows out: the Beam pipeline, as one function that any runner runs.

Filter, project, validate, derive; then each date once. What a row must be is said in models/data/bitcoin.py.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

import apache_beam as beam

from models.contract.errors import ModelError
from models.data.bitcoin import COLUMNS, BadRow, Day, cells, columns, day, unique

DERIVED = "range"  # log(high / low)
WRITTEN = (*COLUMNS, DERIVED)


@dataclass(frozen=True)
class Layout:
    """Of the file that is read: where the columns are, and which rows are meant."""

    where: Mapping[str, int]
    width: int
    only: tuple[tuple[int, str], ...] = ()  # (column, what it must hold) of the rows that are looked at


def layout(header: str, only: Mapping[str, str]) -> Layout:
    """Of a header, and the columns that a row must have a value in. Raises ModelError."""
    names = next(csv.reader([header.lstrip("\ufeff")]), [])
    known = [name.strip().lower() for name in names]
    missing = [name for name in only if name.lower() not in known]
    if missing:
        raise ModelError(
            f"There is no column {', '.join(missing)} to filter by; the file has {', '.join(names)}."
        )
    places = tuple((known.index(name.lower()), value) for name, value in only.items())
    return Layout(columns(names), len(names), places)


def days(lines: beam.PCollection[str], layout: Layout) -> tuple[beam.PCollection, beam.PCollection]:
    """(days, texts that say what is wrong with a row) of lines without the header."""
    parsed = lines | "Parse" >> beam.ParDo(_Parse(layout)).with_outputs("bad", main="days")
    once = parsed.days | beam.GroupByKey() | "Once" >> beam.ParDo(_Once()).with_outputs("bad", main="days")
    return once.days, (parsed.bad, once.bad) | beam.Flatten()


def written(day: Day) -> dict[str, str | float]:
    """What stands in a shard: the columns, and what is derived from them."""
    return dict(zip(WRITTEN, (*astuple(day), math.log(day.high / day.low)), strict=True))


def line(day: Day) -> str:
    """The same as a line of a CSV, from which each number comes back as it was."""
    return ",".join(map(str, written(day).values()))


class _Parse(beam.DoFn):
    """A line as (date, Day), nothing where it is not meant, or its fault."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def process(self, line: str) -> Iterator[tuple[str, Day]]:
        try:
            row: Sequence[str] = next(csv.reader([line], strict=True), [])
            if not row:
                return
            found = cells(row, self.layout.where, self.layout.width)
            if all(row[place] == value for place, value in self.layout.only):
                made = day(found)
                yield made.date, made
        except BadRow as error:
            yield beam.pvalue.TaggedOutput("bad", str(error))
        except csv.Error as error:
            yield beam.pvalue.TaggedOutput("bad", f"{line!r:.40}: no line of a CSV: {error}.")


class _Once(beam.DoFn):
    """What all rows of a date say, where they say the same."""

    def process(self, dated: tuple[str, Iterable[Day]]) -> Iterator[Day]:
        try:
            yield unique(dated[1])
        except BadRow as error:
            yield beam.pvalue.TaggedOutput("bad", str(error))
