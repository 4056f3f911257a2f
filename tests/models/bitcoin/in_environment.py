"""Checks that need numpy and Beam, in one process of the trainer's environment: each line is one that held.

`test_steps.py` runs it; Beam is three seconds to import, and so is imported once.
"""

import gzip
import logging
import math
import random
import tempfile
from collections.abc import Callable
from dataclasses import astuple
from itertools import pairwise
from pathlib import Path

logging.disable(logging.WARNING)

import apache_beam as beam  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from apache_beam.testing.test_pipeline import TestPipeline  # noqa: E402
from apache_beam.testing.util import assert_that, equal_to  # noqa: E402

from models.bitcoin import batches, blocks, cleaning, graph, linear, network, windows  # noqa: E402
from models.contract.errors import ModelError  # noqa: E402
from models.data import bitcoin  # noqa: E402
from models.runtimes.export import packed  # noqa: E402

HEADER = "slug,Date,Open,High,Low,Close,Volume"
LINES = [
    "bitcoin,2020-01-01,10,12,9,11,5",
    "ether,2020-01-01,1,2,1,2,5",
    "bitcoin,2020-01-02,11,null,9,11,5",
    "bitcoin,2020-01-03,11,12,9,11,5",
    "bitcoin,2020-01-03,11,12,9,11,5",
    "bitcoin,2020-01-04,11,12,9,11,5",
    "bitcoin,2020-01-04,11,12,9,10,5",
    "",
    'bitcoin,"2020',
]


def pipeline_filters_projects_and_names_bad_rows() -> None:
    """With Beam's own testing util: two days are left, each once, and three faults, however it is cut."""
    layout = cleaning.layout("\ufeff" + HEADER, {"slug": "bitcoin"})
    for size, groups in ((len(LINES), 1), (1, 3)):
        texts = ["\n".join(LINES[at : at + size]).encode() for at in range(0, len(LINES), size)]
        with TestPipeline() as pipeline:
            days, bad = cleaning.days(pipeline | beam.Create(texts), layout, groups=groups)
            lines = days | beam.FlatMap(lambda found: batches.text(found).split("\n"))
            expected = ["2020-01-01,10.0,12.0,9.0,11.0,5.0", "2020-01-03,11.0,12.0,9.0,11.0,5.0"]
            derived = f",{math.log(12 / 9)}"
            assert_that(lines, equal_to([line + derived for line in expected]), label="days")
            faults = [
                "2020-01-02: high is 'null'; expected a number.",
                "2020-01-04: there are 2 different rows of this date; expected one.",
            ]
            assert_that(
                bad | beam.Map(lambda text: text if text[:4] == "2020" else "csv"),
                equal_to([*faults, "csv"]),
                label="bad",
            )


def pipeline_and_one_process_agree() -> None:
    """The shards' rows are those that a training would have read by itself, to the last digit."""
    content = bitcoin.synthetic(120)
    header, lines = content.split(b"\n", 1)
    alone = bitcoin.read(content, "a")
    found, faults = batches.parse(lines, cleaning.layout(header.decode(), {}))
    days, more = batches.once(found)
    assert [bitcoin.Day(day[0].decode(), *day[1:]) for day in days.tolist()] == list(alone.days)
    assert [*faults, *more] == list(alone.bad)
    again = bitcoin.read("\n".join([",".join(batches.WRITTEN), batches.text(days)]).encode(), "b")
    assert again.days == alone.days


def lines_of_a_block_are_read_as_each_by_itself() -> None:
    """Whatever stands there: 20,000 lines, of which most have a letter or two changed."""
    chance = random.Random(0)
    letters = "0123456789.,-+eE_ \"'\r\tnulinfx\u0663\u00bd"
    layout = cleaning.layout("Date,Open,High,Low,Close,Volume,slug", {"slug": "b"})
    lines = []
    for _ in range(20000):
        year = chance.choice(["2019", "2020", "0000", "1900"])
        date = f"{year}-{chance.randint(0, 13):02}-{chance.randint(27, 32)}"
        low, *ends, high = sorted(round(chance.uniform(0, 9), chance.choice([0, 2, 17])) for _ in range(4))
        volume, slug = chance.choice(["5", "1e3", "0"]), chance.choice("bbbc")
        line = list(f"{date},{ends[0]},{high},{low},{ends[1]},{volume},{slug}")
        for _ in range(chance.choice([0, 0, 1, 1, 2])):
            line[chance.randrange(len(line))] = chance.choice(letters)
        lines.append("".join(line))
    expected, wrong = [], []
    for line in lines:
        try:
            expected += [found] if (found := batches.row(line.removesuffix("\r"), layout)) else []
        except bitcoin.BadRow as error:
            wrong.append(str(error))
    found, faults = batches.parse("\n".join(lines).encode(), layout)
    assert sorted(faults) == sorted(wrong) and len(wrong) > 1000 and len(expected) > 1000
    assert sorted(found.tolist()) == sorted((day.date.encode(), *astuple(day)[1:]) for day in expected)
    days, faults = batches.once(np.concatenate([part for _, part in batches.by_date(found, 7)]))
    dates: dict[str, set[bitcoin.Day]] = {}
    for day in expected:
        dates.setdefault(day.date, set()).add(day)
    assert days["date"].tolist() == sorted(date.encode() for date, same in dates.items() if len(same) == 1)
    assert {fault[:10] for fault in faults} == {date for date, same in dates.items() if len(same) > 1}


def a_file_is_cut_between_its_lines() -> None:
    """Blocks of any size, of a file and of a compressed one: each line but the header is in one of them."""
    lines = [f"{'x' * (number % 9)}{number}" for number in range(60)]
    with tempfile.TemporaryDirectory() as folder:
        for end, name in (("", "a.csv"), ("\n", "a.csv"), ("\n", "a.csv.gz")):
            file = Path(folder, name)
            whole = ("\n".join(["header", *lines]) + end).encode()
            file.write_bytes(gzip.compress(whole) if name.endswith("gz") else whole)
            for size in (1, 3, 10, 64, 1 << 20):
                cut = blocks.ranges(str(file), size)
                texts = [block for one in cut for block in blocks.read(str(file), one, size)]
                assert b"\n".join(texts).decode().split("\n") == lines, (name, size)
                assert len(texts) > 1 or size > 64


def a_filter_by_no_column_is_told() -> None:
    try:
        cleaning.layout(HEADER, {"name": "bitcoin"})
    except ModelError as error:
        assert "no column name to filter by" in str(error)
    else:
        raise AssertionError


def prices(count: int = 400, missing: tuple[int, ...] = ()) -> bitcoin.Prices:
    found = bitcoin.read(bitcoin.synthetic(count), "synthetic")
    return bitcoin.Prices("synthetic", tuple(d for n, d in enumerate(found.days) if n not in missing))


def no_row_knows_its_future() -> None:
    """Prices of tomorrow and later are changed; what a row is told of the days before stays as it was."""
    whole = prices()
    first = 300
    changed = [
        bitcoin.Day(d.date, d.open * 3, d.high * 4, d.low * 2, d.close * 3, d.volume * 7) if n > first else d
        for n, d in enumerate(whole.days)
    ]
    for target in windows.TARGETS:
        one = windows.rows(whole, target)
        other = windows.rows(bitcoin.Prices("synthetic", tuple(changed)), target)
        x, y = np.r_[one.x_train, one.x_test], np.r_[other.x_train, other.x_test]
        same = first + 1 - (0 if target == "close" else windows.WINDOW - 1)
        assert np.array_equal(x[:same], y[:same]), target
        assert not np.array_equal(x[same:], y[same:]), target


def rows_are_split_by_time_alone() -> None:
    """All test rows come after all training rows; the truth of a row is that of the next day."""
    whole = prices()
    made = windows.rows(whole, "range")
    days = whole.days
    assert made.test_from == days[320].date and len(made.x_test) == 80
    assert made.y_train[0, 0] == days[windows.WINDOW].log_range
    assert made.y_test[-1, 0] == days[-1].log_range
    assert made.x_test[-1, 0] == np.float32(days[-2].log_range)
    naive = windows.rows(whole, "next-close")
    assert naive.baseline.answers[-1, 0] == days[-2].close and naive.y_test[-1, 0] == days[-1].close


def no_window_reaches_over_a_missing_day() -> None:
    """A day that is missing takes the rows with it that would look over it, and their number is right."""
    whole, gap = prices(), prices(missing=(200,))
    assert [len(run) for run in windows.unbroken(gap.days)] == [200, 199]
    full, cut = windows.rows(whole, "range"), windows.rows(gap, "range")
    count = len(full.x_train) + len(full.x_test)
    assert count == 400 - windows.WINDOW
    assert len(cut.x_train) + len(cut.x_test) == count - windows.WINDOW - 1
    dates = [d.date for run in windows.unbroken(gap.days) for d in run[windows.WINDOW :]]
    assert len(dates) == count - windows.WINDOW - 1 and all(a < b for a, b in pairwise(dates))


def too_few_days_are_told() -> None:
    for target in windows.TARGETS:
        try:
            windows.rows(prices(60), target)
        except ModelError as error:
            assert "expected at least 100 and 25" in str(error), error
        else:
            raise AssertionError(target)


def the_graph_answers_as_the_arithmetic_does() -> None:
    """Scaler, ridge regression, two hidden layers and the anchor, in ONNX Runtime on raw rows."""
    chance = np.random.default_rng(0)
    x = chance.normal(1000, 50, (50, 4)).astype(np.float32)
    ridge = linear.fit(x, chance.normal(size=50), without=3)
    assert ridge.weights[3] == 0
    shapes = [(4, 5), (5, 3), (3, 1)]
    layers = [(chance.normal(size=shape), chance.normal(size=shape[1])) for shape in shapes]
    found = ridge.predict(x) + network.apply(layers, ridge.scaled(x))
    for anchor, expected in ((None, found), (3, np.exp(0.01 * found) * x[:, 3])):
        scaled = layers if anchor is None else [*layers[:-1], (layers[-1][0] * 0.01, layers[-1][1] * 0.01)]
        small = linear.Linear(ridge.mean, ridge.scale, ridge.weights * 0.01, ridge.intercept * 0.01)
        model = graph.convert(ridge if anchor is None else small, scaled, answer="close", anchor=anchor)
        session = onnxruntime.InferenceSession(packed(model), providers=["CPUExecutionProvider"])
        (answer,) = session.run(["close"], {"features": x})
        assert answer.shape == (50, 1) and np.allclose(answer[:, 0], expected, rtol=1e-5)


CHECKS: list[Callable[[], None]] = [
    pipeline_filters_projects_and_names_bad_rows,
    pipeline_and_one_process_agree,
    lines_of_a_block_are_read_as_each_by_itself,
    a_file_is_cut_between_its_lines,
    a_filter_by_no_column_is_told,
    no_row_knows_its_future,
    rows_are_split_by_time_alone,
    no_window_reaches_over_a_missing_day,
    too_few_days_are_told,
    the_graph_answers_as_the_arithmetic_does,
]

if __name__ == "__main__":
    for check in CHECKS:
        check()
        print(check.__name__)  # noqa: T201
