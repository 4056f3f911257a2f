"""Days in, rows to learn from out: for each day what is known of it and the days before, and what came.

Three targets, each with its windows and the simple forecast that it is measured against:

| target | a row is told | the row's truth | simple forecast |
|---|---|---|---|
| range | FEATURES of the last 44 days | log of log(high / low) of tomorrow | EWMA of it, alpha 0.15 |
| close | open, high, low of the same day | its close, in USD | (high + low) / 2 |
| next_close | FEATURES and today's close | tomorrow's close, in USD | today's close |

No window and no tomorrow reaches over a day that is missing. Rows are in the order of time: the first four
fifths of the days train, what comes after them tests.
"""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.contract.errors import ModelError
from models.contract.skill import Baseline
from models.data.bitcoin import Day, Prices

TARGETS = ("range", "close", "next-close")
WINDOW = 44  # days that a row may look back over
TRAIN = 0.8  # of the days
LEAST = 100  # rows to train, and a quarter of it to test
ALPHA = 0.15
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MEANS, _LAGS = (1, 2, 3, 5, 10, 22, 44), (1, 2, 3, 4, 5, 6)
FEATURES = (
    *(f"log_range_mean_{days}" for days in _MEANS),
    *(f"log_range_{lag}_days_ago" for lag in _LAGS),
    "log_range_ewma",
    *(f"log_size_of_return_mean_{days}" for days in (1, 5, 22)),
    *(f"return_mean_{days}" for days in (1, 5, 22)),
    "fall",
    "open_to_close",
    "close_within_range",
    *(f"log_volume_above_mean_{days}" for days in (2, 5, 22)),
    *(f"log_volatility_{days}" for days in (5, 22)),
    *(f"tomorrow_is_{day}" for day in WEEKDAYS),
)


@dataclass(frozen=True)
class Rows:
    """A data set as a training wants it; `anchor` is the column of a price that the answer is relative to."""

    name: str
    sha256: str
    features: tuple[str, ...]
    answer: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray  # [n, 1]
    baseline: Baseline
    anchor: int | None = None
    test_from: str = ""  # date of the first test row's truth

    @property
    def description(self) -> str:
        return f"{self.name} ({len(self.x_train)}/{len(self.x_test)})"


def rows(prices: Prices, target: str) -> Rows:
    """The rows of a target. Raises ModelError where there are too few days."""
    runs = unbroken(prices.days)
    names, anchor = _names(target), None
    if target == "close":
        parts = [_same_day(run) for run in runs]
        answer, simple = "close", "(high + low) / 2"
    else:
        parts = [_next_day(run, price=target == "next-close") for run in runs if len(run) > WINDOW]
        answer, simple = "log_range", f"EWMA {ALPHA} of log ranges"
        if target == "next-close":
            answer, simple, anchor = "next_close", "tomorrow as today", len(names) - 1
    x = np.array([row for part in parts for row in part[1]], np.float32).reshape(-1, len(names))
    dates = [date for part in parts for date in part[0]]
    truth, forecast = ([one for part in parts for one in part[k]] for k in (2, 3))
    days = [day.date for day in prices.days]
    first = days[int(len(days) * TRAIN)] if days else ""
    train = np.array([date < first for date in dates], bool)
    if train.sum() < LEAST or (~train).sum() < LEAST / 4:
        raise ModelError(
            f"{prices.name} has {len(days)} days in {len(runs)} unbroken runs: {train.sum()} rows to train"
            f" and {(~train).sum()} to test; expected at least {LEAST} and {LEAST // 4}."
            f" A row of target {target} takes {1 if target == 'close' else WINDOW + 1} days in a row."
        )
    y = np.array(truth, np.float64)[:, None]
    simple_answers = np.array(forecast, np.float64)[~train, None]
    return Rows(
        prices.name, prices.sha256, names, answer, x[train], y[train], x[~train], y[~train],
        Baseline(simple, simple_answers), anchor, first,
    )  # fmt: skip


def latest(prices: Prices, target: str) -> tuple[tuple[str, ...], list[float]]:
    """(names, row) of the last day: what a client asks with, to hear of a day that has not come."""
    run = unbroken(prices.days)[-1]
    if target == "close":
        return _names(target), [run[-1].open, run[-1].high, run[-1].low]
    if len(run) < WINDOW:
        raise ModelError(f"The last {len(run)} days follow each other; expected at least {WINDOW}.")
    known = _features(run)[-1].tolist()
    return _names(target), known if target == "range" else [*known, run[-1].close]


def _names(target: str) -> tuple[str, ...]:
    return {
        "close": ("open", "high", "low"),
        "range": FEATURES,
        "next-close": (*FEATURES, "close"),
    }[target]


def unbroken(days: Sequence[Day]) -> list[list[Day]]:
    """The days, cut wherever one is missing."""
    runs: list[list[Day]] = []
    for day in days:
        follows = runs and _date(day) - _date(runs[-1][-1]) == datetime.timedelta(1)
        if follows:
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


Part = tuple[Sequence[str], Sequence[Sequence[float]], Sequence[float], Sequence[float]]


def _same_day(run: Sequence[Day]) -> Part:
    return (
        [day.date for day in run],
        [(day.open, day.high, day.low) for day in run],
        [day.close for day in run],
        [(day.high + day.low) / 2 for day in run],
    )


def _next_day(run: Sequence[Day], *, price: bool) -> Part:
    """Rows from the first day with a whole window to the last but one; their dates are tomorrow's."""
    known, first = _features(run), WINDOW - 1
    today, tomorrow = run[first:-1], run[first + 1 :]
    table = known[first:-1]
    dates = [day.date for day in tomorrow]
    if price:
        closes = [day.close for day in today]
        return dates, np.c_[table, closes].tolist(), [day.close for day in tomorrow], closes
    ewma = table[:, FEATURES.index("log_range_ewma")]
    return dates, table.tolist(), [day.log_range for day in tomorrow], ewma.tolist()


def _features(run: Sequence[Day]) -> np.ndarray:
    """[days, FEATURES]: of each day from it and those before it; NaN where a window is not whole."""
    open_, high, low, close, volume = np.array(
        [(d.open, d.high, d.low, d.close, d.volume) for d in run], np.float64
    ).T
    log_range, log_volume = np.log(np.log(high / low)), np.log(volume)
    returns = np.r_[0.0, np.diff(np.log(close))]
    ewma = [log_range[0]]
    for value in log_range[1:]:
        ewma.append(ALPHA * value + (1 - ALPHA) * ewma[-1])
    weekday = np.array([(_date(day).weekday() + 1) % 7 for day in run])
    size = np.log(np.abs(returns) + 1e-3)
    return np.stack(
        [
            *(_mean(log_range, days) for days in _MEANS),
            *(_before(log_range, lag) for lag in _LAGS),
            np.array(ewma),
            *(_mean(size, days) for days in (1, 5, 22)),
            *(_mean(returns, days) for days in (1, 5, 22)),
            np.minimum(returns, 0),
            np.log(close / open_),
            (close - low) / (high - low),
            *(log_volume - _mean(log_volume, days) for days in (2, 5, 22)),
            *(np.log(np.sqrt(_mean(returns**2, days)) + 1e-3) for days in (5, 22)),
            *((weekday == number).astype(float) for number in range(len(WEEKDAYS))),
        ],
        axis=1,
    )


def _mean(values: np.ndarray, days: int) -> np.ndarray:
    """Of each day and those before it, `days` in all."""
    if len(values) < days:
        return np.full(len(values), math.nan)
    means = np.lib.stride_tricks.sliding_window_view(values, days).mean(axis=1)
    return np.r_[np.full(days - 1, math.nan), means]


def _before(values: np.ndarray, lag: int) -> np.ndarray:
    return np.r_[np.full(min(lag, len(values)), math.nan), values[:-lag]]


def _date(day: Day) -> datetime.date:
    return datetime.date.fromisoformat(day.date)
