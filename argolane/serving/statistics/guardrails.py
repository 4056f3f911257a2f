"""Latencies and errors of arms in, whether one is slower or fails more than it may out: beyond chance."""

import math
from collections.abc import Sequence
from statistics import NormalDist

P99 = 0.99
SURE = NormalDist().inv_cdf(0.975)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def quantile_bounds(values: Sequence[float], share: float) -> tuple[float, float]:
    """95 % bounds of a quantile, by ranks: Conover, "Practical nonparametric statistics" (1999), 3.2."""
    ordered, number = sorted(values), len(values)
    if not number:
        return 0.0, math.inf
    middle, off = number * share, SURE * math.sqrt(number * share * (1 - share))
    low, high = math.floor(middle - off), math.ceil(middle + off)
    return (ordered[low - 1] if low >= 1 else 0.0), (ordered[high - 1] if high <= number else math.inf)


def rate_bounds(failed: float, number: float) -> tuple[float, float]:
    """95 % bounds of a share: Wilson, "Probable inference" (JASA 1927)."""
    if not number:
        return 0.0, 1.0
    share, square = failed / number, SURE**2
    middle = (share + square / (2 * number)) / (1 + square / number)
    off = SURE / (1 + square / number) * math.sqrt(share * (1 - share) / number + square / (4 * number**2))
    return max(0.0, middle - off), min(1.0, middle + off)


def clustered(groups: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """(failed, number) of groups that are alike within, as of so many requests that have nothing in common.

    By the variance of a ratio over groups: Kish, "Survey sampling" (1965), 8.2.
    """
    failed, number, several = sum(f for f, _ in groups), sum(n for _, n in groups), len(groups)
    if number == several or not failed:
        return failed, number
    share = failed / number
    squares = math.fsum((f - share * n) ** 2 for f, n in groups)
    error = squares / number**2 * several / max(1, several - 1)
    alone = share * (1 - share) / error if error else several
    alone = min(number, alone)
    return share * alone, alone


def slower(ours: Sequence[float], others: Sequence[float], *, times: float) -> bool:
    """Whether the p99 of `ours` is more than `times` that of `others`, whatever chance had to do with it."""
    return quantile_bounds(ours, P99)[0] > times * quantile_bounds(others, P99)[1]


def fails(failed: float, number: float, *, most: float) -> bool:
    """Whether more than the share `most` fails, whatever chance had to do with it."""
    return rate_bounds(failed, number)[0] > most
