"""An answer and the truth of one row in, what it is worth out: by the name that the observations have it by.

Content computes the same in models/contract/metric.py, unknown to this; a test compares the two.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any


def score_of(name: str, answer: Any, truth: Any) -> float:
    """KeyError for a score that is not known here, ValueError and the like for a truth that is none."""
    return SCORES[name](answer, truth)


def _classes(answer: Any) -> list[float]:
    row = [float(value) for value in (answer if isinstance(answer, list) else [answer])]
    return [1 - row[0], row[0]] if len(row) == 1 else row


def _accuracy(answer: Any, truth: Any) -> float:
    row = _classes(answer)
    if truth not in range(len(row)):
        raise ValueError(f"expected a class, 0 to {len(row) - 1}")
    return float(max(range(len(row)), key=row.__getitem__) == truth)


def _log_loss(answer: Any, truth: Any) -> float:
    return -math.log(min(max(_classes(answer)[int(truth)], 1e-15), 1.0))


def _distances(answer: Any, truth: Any) -> list[float]:
    given, known = (value if isinstance(value, list) else [value] for value in (answer, truth))
    return [abs(float(a) - float(b)) for a, b in zip(given, known, strict=True)]


def _squared(answer: Any, truth: Any) -> float:
    found = _distances(answer, truth)
    return sum(one**2 for one in found) / len(found)


def _absolute(answer: Any, truth: Any) -> float:
    found = _distances(answer, truth)
    return sum(found) / len(found)


SCORES: Mapping[str, Callable[[Any, Any], float]] = {
    "accuracy": _accuracy,
    "log_loss": _log_loss,
    "squared_error": _squared,
    "absolute_error": _absolute,
}
