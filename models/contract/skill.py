"""A model's answers, a simple forecast's and the truth in, how much better the model is out: with its doubt.

For numbers that follow each other in time, as the test rows do. Standard library only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NAMES = ("skill", "skill_low", "skill_high")
SURE = 1.96  # standard errors to each side: 95 %


@dataclass(frozen=True)
class Baseline:
    """What a model has to beat: a forecast that nothing has to be learned for, and its answers."""

    name: str  # in words: `tomorrow as today`
    answers: Any  # for each test row, in the order of time


def against(answers: Sequence[Any], truth: Sequence[Any], baseline: Sequence[Any]) -> dict[str, float]:
    """`skill` is the share of the baseline's mean squared error that the model saves; 1 saves all of it.

    `skill_low` to `skill_high` hold the true share in 95 of 100 cases; above 0 the model is better beyond
    chance. `diebold_mariano` is the t value of the difference of the squared errors, positive where the
    model's are smaller. Both allow for errors that hang together from row to row (Newey and West).
    """
    own = [(a - t) ** 2 for a, t in zip(_flat(answers), _flat(truth), strict=True)]
    other = [(b - t) ** 2 for b, t in zip(_flat(baseline), _flat(truth), strict=True)]
    mean_own, mean_other = _mean(own), _mean(other)
    found = {"baseline_rmse": math.sqrt(mean_other)}
    if not mean_other:
        return found  # what is never wrong cannot be beaten, nor be measured against
    ratio = mean_own / mean_other
    # How each row moves the ratio of two means.
    error = _standard_error([(a - ratio * b) / mean_other for a, b in zip(own, other, strict=True)])
    gains = [b - a for a, b in zip(own, other, strict=True)]
    doubt = _standard_error(gains)
    found |= {
        "skill": 1 - ratio,
        "skill_low": 1 - ratio - SURE * error,
        "skill_high": 1 - ratio + SURE * error,
    }
    return found | ({"diebold_mariano": _mean(gains) / doubt} if doubt else {})


def _standard_error(values: Sequence[float]) -> float:
    """Of the mean, of values each of which may be like those before it."""
    count, middle = len(values), _mean(values)
    apart = [value - middle for value in values]
    variance = sum(value * value for value in apart) / count
    lags = int(4 * (count / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        shared = sum(one * other for one, other in zip(apart, apart[lag:], strict=False)) / count
        variance += 2 * (1 - lag / (lags + 1)) * shared
    return math.sqrt(max(variance, 0.0) / count)


def _flat(rows: Sequence[Any]) -> list[float]:
    return [float(value) for row in rows for value in (row if isinstance(row, Sequence) else [row])]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
