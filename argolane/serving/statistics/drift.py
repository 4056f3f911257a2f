"""Values of features that were trained on and that came later in, how far each has moved out.

The population stability index says how much, the test of Kolmogorov and Smirnov whether chance explains it. A
verdict takes both: with few rows the index is high by chance, with many a test finds what is of no account.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argolane.serving.statistics.corrected import holm

BINS = 10
# Siddiqi, "Credit Risk Scorecards" (2006): below 0.1 no change to speak of, from 0.25 on a large one.
SOME_CHANGE = 0.1
LARGE_CHANGE = 0.25
CHANCE = 0.01  # share of the comparisons without any drift in which a feature may be named
FEWEST = 50  # rows, on either side
MISSING = -3e38  # where a missing value is put: below all numbers, also those of a float32
MOVED, WATCHED, SAME, UNKNOWN = "drift", "watch", "ok", "too few rows"
VERDICTS = (MOVED, WATCHED, SAME, UNKNOWN)


@dataclass(frozen=True)
class Movement:
    """Of one feature; `p` is corrected for the number of features (Holm)."""

    feature: str
    psi: float
    ks: float
    p: float
    verdict: str


def movements(
    before: Mapping[str, Sequence[float | None]], after: Mapping[str, Sequence[float | None]]
) -> list[Movement]:
    """Of each feature of `before`, the furthest moved first. None and NaN are missing values.

    A feature is at `drift` with an index of LARGE_CHANGE or more and p below CHANCE, at `watch` with
    SOME_CHANGE or more and the same p. ValueError where a feature has no values.
    """
    found = {}
    for name in before:
        one, other = present(before[name]), present(after[name])
        found[name] = (psi(one, other), *ks(one, other), min(len(one), len(other)))
    corrected = holm({name: p for name, (_, _, p, _) in found.items()})
    told = [
        Movement(name, index, distance, corrected[name], _verdict_of(index, corrected[name], rows))
        for name, (index, distance, _, rows) in found.items()
    ]
    return sorted(told, key=lambda one: (VERDICTS.index(one.verdict), -one.psi))


def worst(found: Sequence[Movement]) -> str:
    """The verdict of all features together."""
    return min((one.verdict for one in found), key=VERDICTS.index, default=UNKNOWN)


def present(values: Sequence[float | None]) -> list[float]:
    """The same with missing values as the lowest: that more are missing is a movement, too."""
    return [MISSING if value is None or value != value else value for value in values]


def psi(before: Sequence[float], after: Sequence[float]) -> float:
    """Population stability index: the sum over bins of (q - p) ln(q / p), 0 for the same shares p and q.

    Bins are those of `edges`; half a row more is in each that is not empty on both sides, so that it has a
    logarithm. Lewis, "An Introduction to Credit Scoring" (1994); it is the symmetrised divergence of Kullback
    and Leibler. ValueError where there are no values.
    """
    ends = edges(before)
    pairs = zip(_counted(before, ends), _counted(after, ends), strict=True)
    filled = [(one + 0.5, other + 0.5) for one, other in pairs if one or other]
    ours, theirs = (math.fsum(side) for side in zip(*filled, strict=True))
    return math.fsum(
        (other / theirs - one / ours) * math.log(other / theirs * ours / one) for one, other in filled
    )


def edges(before: Sequence[float]) -> list[float]:
    """Ends of bins: a value is in the first whose end it does not exceed, or in the one above the last.

    The bins between have equal shares of `before`, as far as its values differ; each end is halfway to the
    next larger value, so that another rounding does not move a value. What is less than the least or more
    than the largest has a bin of its own: a feature that was constant has these two and its own.
    """
    if not before:
        raise ValueError("there are no values to compare")
    ordered = sorted(before)
    ends = {_beside(ordered[0], -1), _beside(ordered[-1], 1)}
    for cut in range(1, BINS):
        value = ordered[len(ordered) * cut // BINS]
        after = bisect_right(ordered, value)
        if after < len(ordered):
            ends.add((value + ordered[after]) / 2)
    return sorted(ends)


def ks(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """(the largest distance of the two empirical distributions, its p value).

    Smirnov's two-sample test; the p value is Kolmogorov's limit with the correction of Stephens, "Use of the
    Kolmogorov-Smirnov, Cramer-Von Mises and related statistics without extensive tables" (J. R. Statist. Soc.
    B, 1970); too high where values are tied. ValueError where there are no values.
    """
    if not before or not after:
        raise ValueError("there are no values to compare")
    one, other = sorted(before), sorted(after)
    distance = max(
        abs(bisect_right(one, value) / len(one) - bisect_right(other, value) / len(other))
        for value in {*one, *other}
    )
    return distance, chance_of(distance, len(one), len(other))


def chance_of(distance: float, one: int, other: int) -> float:
    """The p value of a distance between so many values and so many others."""
    root = math.sqrt(one * other / (one + other))
    at = (root + 0.12 + 0.11 / root) * distance
    if at < 0.2:  # below it the series is slow, and its sum is 1 to twelve digits
        return 1.0
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * (k * at) ** 2) for k in range(1, 101))
    return max(0.0, min(1.0, math.fsum(terms)))


def _beside(value: float, way: int) -> float:
    """Further than a number that is sent with six digits may be from what it was."""
    return value + way * max(1e-5 * abs(value), 1e-9)


def _counted(values: Sequence[float], ends: Sequence[float]) -> list[int]:
    """How many values are in each bin."""
    if not values:
        raise ValueError("there are no values to compare")
    counts = [0] * (len(ends) + 1)
    for value in values:
        counts[bisect_left(ends, value)] += 1
    return counts


def _verdict_of(index: float, p: float, rows: int) -> str:
    if rows < FEWEST:
        return UNKNOWN
    if p >= CHANCE or index < SOME_CHANGE:
        return SAME
    return MOVED if index >= LARGE_CHANGE else WATCHED
