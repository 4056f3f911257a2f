"""Scores of one arm in, their number, mean and variance out."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

PROPORTION, MEAN = "proportion", "mean"


@dataclass(frozen=True)
class Moments:
    """What is left of the scores of an arm: `total` and `squares` are sums over `count` of them."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, scores: Iterable[float]) -> "Moments":
        values = list(scores)
        return Moments(
            self.count + len(values),
            self.total + math.fsum(values),
            self.squares + math.fsum(value * value for value in values),
        )

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else math.nan

    def variance(self, kind: str) -> float:
        """Of one score. Of a proportion never 0: one success and one failure are added to what was seen."""
        if kind == PROPORTION:
            share = (self.total + 1) / (self.count + 2)
            return share * (1 - share)
        if self.count < 2:
            return math.inf
        return max(0.0, (self.squares - self.count * self.mean**2) / (self.count - 1))
