"""What is known of the arms in, the number of the one to pull out.

An algorithm is a function of the arms and a source of chance, and keeps nothing itself: it answers the same
after a restart, and in every replica.
"""

import math
from collections.abc import Callable, Sequence
from random import Random

from models.bandit.arms import Arm, pooled

Algorithm = Callable[[Sequence[Arm], Random], int]


def epsilon_greedy(epsilon: float) -> Algorithm:
    """With the chance `epsilon` any arm, the best one among them; else the one of the highest mean.

    An arm without rewards counts as good as the best: it is tried, and one whose feedback never comes takes
    no more than its part of the requests.
    """

    def choose(arms: Sequence[Arm], chance: Random) -> int:
        if chance.random() < epsilon:
            return chance.randrange(len(arms))
        best = max((arm.mean for arm in arms if arm.rewards), default=0.0)
        return _highest([arm.mean if arm.rewards else best for arm in arms], chance)

    return choose


def thompson_beta(arms: Sequence[Arm], chance: Random) -> int:
    """Thompson sampling for rewards of 0 or 1: Beta(1 + ones, 1 + zeros) of each arm (Thompson 1933)."""
    ones = [round(arm.mean * arm.rewards) for arm in arms]
    drawn = [chance.betavariate(1 + one, 1 + arm.rewards - one) for one, arm in zip(ones, arms, strict=True)]
    return _highest(drawn, chance)


def thompson_gaussian(arms: Sequence[Arm], chance: Random) -> int:
    """Thompson sampling for rewards of any size: of each arm a mean from its Normal-inverse-gamma posterior.

    The prior is one reward's worth of what all arms are like together, which gives it their place and their
    scale (Gelman et al., Bayesian Data Analysis, 3.3).
    """
    everyone = pooled(arms)
    if not everyone.rewards:
        return chance.randrange(len(arms))
    variance = everyone.squares / everyone.rewards
    drawn = []
    for arm in arms:
        weight = 1 + arm.rewards
        mean = (everyone.mean + arm.mean * arm.rewards) / weight
        apart = arm.rewards / weight * (arm.mean - everyone.mean) ** 2
        shape, scale = 1 + arm.rewards / 2, (variance + arm.squares + apart) / 2
        spread = scale / chance.gammavariate(shape, 1) if scale else 0.0
        drawn.append(chance.gauss(mean, math.sqrt(spread / weight)))
    return _highest(drawn, chance)


def _highest(values: Sequence[float], chance: Random) -> int:
    """The place of the largest; of several as large, any."""
    most = max(values)
    return chance.choice([place for place, value in enumerate(values) if value == most])
