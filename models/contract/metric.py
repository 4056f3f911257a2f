"""Served answers and the truth in, a number out, and whether it is good enough.

Which scores there are, which way each is better, and how it is computed is said here alone. Standard library
only and one file, so that a step of a workflow can carry it along as it is. An answer is what stands for one
row in `data.ndarray`: a number, or a list of them, one for each class where classes are told apart.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rows = Sequence[Any]


@dataclass(frozen=True)
class Metric:
    """What a version is judged by: `accuracy 0.9825`."""

    name: str
    value: float
    better: str  # "higher" or "lower"

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise TypeError(f"metric {self.name!r} is {self.value!r}; expected a number")
        if self.better not in ("higher", "lower"):
            raise ValueError(f"metric {self.name!r} has better {self.better!r}; expected higher or lower")

    @property
    def text(self) -> str:
        return f"{self.name} {shown(self.value)}"

    def passes(self, accept: float) -> bool:
        """Whether the value is as good as `accept`. A NaN never is."""
        return self.value >= accept if self.better == "higher" else self.value <= accept


@dataclass(frozen=True)
class Score:
    """A score that is known by name: `compute(answers, truth)` is NaN where it means nothing."""

    compute: Callable[[Rows, Rows], float]
    better: str
    kind: str  # of the answers: "classes" or "numbers"
    low: float
    high: float


def accuracy(answers: Rows, truth: Rows) -> float:
    """Share of rows whose most probable class is the true one."""
    return _mean([float(guess(answer) == label) for answer, label in zip(answers, truth, strict=True)])


def log_loss(answers: Rows, truth: Rows) -> float:
    """Mean of -log of the probability that was given to the true class."""
    least = 1e-15
    given = [_classes(answer)[int(label)] for answer, label in zip(answers, truth, strict=True)]
    return _mean([-math.log(min(max(value, least), 1.0)) for value in given])


def auc(answers: Rows, truth: Rows) -> float:
    """Area under the ROC curve: of class 1, or the mean over all classes against the rest where more are."""
    rows = [_classes(answer) for answer in answers]
    classes = range(len(rows[0])) if rows and len(rows[0]) > 2 else (1,)
    return _mean([_area([row[k] for row in rows], [label == k for label in truth]) for k in classes])


def f1(answers: Rows, truth: Rows) -> float:
    """Harmonic mean of precision and recall: of class 1, or the mean over all classes where more are."""
    guesses = [guess(answer) for answer in answers]
    classes = range(len(answers[0])) if answers and len(_classes(answers[0])) > 2 else (1,)
    values = []
    for k in classes:
        right = sum(said == k == label for said, label in zip(guesses, truth, strict=True))
        named = sum(said == k for said in guesses) + sum(label == k for label in truth)
        values.append(2 * right / named if named else 0.0)
    return _mean(values)


def rmse(answers: Rows, truth: Rows) -> float:
    """Root of the mean squared error."""
    return math.sqrt(_mean([(value - true) ** 2 for value, true in _pairs(answers, truth)]))


def mae(answers: Rows, truth: Rows) -> float:
    """Mean absolute error."""
    return _mean([abs(value - true) for value, true in _pairs(answers, truth)])


def r2(answers: Rows, truth: Rows) -> float:
    """Share of the truth's variance that is explained."""
    pairs = _pairs(answers, truth)
    middle = _mean([true for _, true in pairs])
    spread = sum((true - middle) ** 2 for _, true in pairs)
    left = sum((value - true) ** 2 for value, true in pairs)
    return 1 - left / spread if spread else math.nan


SCORES: Mapping[str, Score] = {
    "accuracy": Score(accuracy, "higher", "classes", 0, 1),
    "log_loss": Score(log_loss, "lower", "classes", 0, math.inf),
    "auc": Score(auc, "higher", "classes", 0, 1),
    "f1": Score(f1, "higher", "classes", 0, 1),
    "rmse": Score(rmse, "lower", "numbers", 0, math.inf),
    "mae": Score(mae, "lower", "numbers", 0, math.inf),
    "r2": Score(r2, "higher", "numbers", -math.inf, 1),
}


@dataclass(frozen=True)
class RowScore:
    """What one answer is worth, where versions are compared request by request: `compute(answer, truth)`.

    A proportion is 0 or 1, so that its mean is a share; of a mean any number may come.
    """

    name: str
    compute: Callable[[Any, Any], float]
    better: str
    kind: str  # "proportion" or "mean"


_CORRECT = RowScore("accuracy", lambda a, t: accuracy([a], [t]), "higher", "proportion")
_SURE = RowScore("log_loss", lambda a, t: log_loss([a], [t]), "lower", "mean")
_SQUARED = RowScore("squared_error", lambda a, t: rmse([a], [t]) ** 2, "lower", "mean")
_ABSOLUTE = RowScore("absolute_error", lambda a, t: mae([a], [t]), "lower", "mean")
# Some metrics are of all rows at once. On the same rows the order by rmse, r2 and skill is that by the
# squared error; f1 and auc have no such twin, and go by what is nearest.
OF_ROW: Mapping[str, RowScore] = {
    "accuracy": _CORRECT,
    "f1": _CORRECT,
    "log_loss": _SURE,
    "auc": _SURE,
    "rmse": _SQUARED,
    "r2": _SQUARED,
    "skill": _SQUARED,
    "skill_low": _SQUARED,
    "skill_high": _SQUARED,
    "mae": _ABSOLUTE,
}


def scores(kind: str, answers: Rows, truth: Rows) -> dict[str, float]:
    """Every known score of the kind, by name; those that mean nothing for these rows are left out."""
    found = {
        name: score.compute(answers, truth)
        for name, score in SCORES.items()
        if score.kind == kind and len(truth)
    }
    return {name: value for name, value in found.items() if math.isfinite(value)}


def guess(answer: Any) -> int:
    """The class of the highest probability, the first of equals."""
    row = _classes(answer)
    return max(range(len(row)), key=row.__getitem__)


def shown(value: float) -> str:
    """Four decimals for what is small, four digits for what is not: 0.9825, 53.27."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.6g}"


def _classes(answer: Any) -> list[float]:
    """Probabilities by class; one number alone is that of class 1."""
    row = [float(value) for value in answer] if isinstance(answer, Sequence) else [float(answer)]
    return [1 - row[0], row[0]] if len(row) == 1 else row


def _pairs(answers: Rows, truth: Rows) -> list[tuple[float, float]]:
    pairs: list[tuple[float, float]] = []
    for answer, true in zip(answers, truth, strict=True):
        values = answer if isinstance(answer, Sequence) else [answer]
        trues = true if isinstance(true, Sequence) else [true]
        pairs += [(float(a), float(b)) for a, b in zip(values, trues, strict=True)]
    return pairs


def _area(values: Sequence[float], positive: Sequence[bool]) -> float:
    """Probability that a positive row has the higher value than a negative one; equals count half."""
    ones = sum(positive)
    zeros = len(positive) - ones
    if not ones or not zeros:
        return math.nan
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, start = 0.0, 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        middle = (start + 1 + end) / 2  # rank of each of the equals, from 1
        ranks += middle * sum(positive[order[i]] for i in range(start, end))
        start = end
    return (ranks - ones * (ones + 1) / 2) / (ones * zeros)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
