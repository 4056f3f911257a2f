"""Blocks of a CSV's lines in, days and bad rows out: the Beam pipeline, as one function that any runner runs.

Filter, project, validate, derive; then each date once. What a row must be is said in models/data/bitcoin.py,
how it is done in batches.py.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping

import apache_beam as beam
import numpy as np

from models.bitcoin import batches
from models.bitcoin.batches import Layout
from models.contract.errors import ModelError
from models.data.bitcoin import columns


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


def days(
    blocks: beam.PCollection[bytes], layout: Layout, *, groups: int = 1
) -> tuple[beam.PCollection, beam.PCollection]:
    """(arrays of days, texts that say what is wrong with a row) of lines without the header.

    groups: into which days go by their date, before each is there once; one group must fit into memory.
    """
    parsed = blocks | "Parse" >> beam.ParDo(_Parse(layout, groups)).with_outputs("bad", main="days")
    once = parsed.days | beam.GroupByKey() | "Once" >> beam.ParDo(_Once()).with_outputs("bad", main="days")
    return once.days, (parsed.bad, once.bad) | beam.Flatten()


class _Parse(beam.DoFn):
    """Lines as (group, days), and their faults."""

    def __init__(self, layout: Layout, groups: int) -> None:
        self.layout, self.groups = layout, groups

    def process(self, block: bytes) -> Iterator[tuple[int, np.ndarray]]:
        found, faults = batches.parse(block, self.layout)
        for fault in faults:
            yield beam.pvalue.TaggedOutput("bad", fault)
        yield from batches.by_date(found, self.groups)


class _Once(beam.DoFn):
    """What all rows of a date say, where they say the same."""

    def process(self, group: tuple[int, Iterable[np.ndarray]]) -> Iterator[np.ndarray]:
        found, faults = batches.once(np.concatenate(list(group[1])))
        for fault in faults:
            yield beam.pvalue.TaggedOutput("bad", fault)
        if len(found):
            yield found
