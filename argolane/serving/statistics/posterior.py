"""Moments of arms in, the probability that each is the best out: a second view, which decides nothing.

Beta posteriors of proportions with uniform priors, normal ones of means; drawn, as Scott, "A modern Bayesian
look at the multi-armed bandit" (Applied Stochastic Models 2010) does.
"""

import math
import random
from collections.abc import Mapping

from argolane.serving.statistics.moments import PROPORTION, Moments

DRAWS = 4000


def best(arms: Mapping[str, Moments], *, kind: str, seed: int = 0) -> dict[str, float]:
    """By arm; higher scores are better. The same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  no secret
    if any(arm.count < 2 for arm in arms.values()):
        return {name: 1 / len(arms) for name in arms}
    wins = dict.fromkeys(arms, 0)
    for _ in range(DRAWS):
        drawn = {name: _draw(chance, arm, kind) for name, arm in arms.items()}
        wins[max(drawn, key=lambda name: drawn[name])] += 1
    return {name: count / DRAWS for name, count in wins.items()}


def _draw(chance: random.Random, arm: Moments, kind: str) -> float:
    if kind == PROPORTION:
        return chance.betavariate(1 + arm.total, 1 + arm.count - arm.total)
    return chance.gauss(arm.mean, math.sqrt(arm.variance(kind) / arm.count))
