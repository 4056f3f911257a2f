"""Rewards in, what is known of an arm out: how many there were, their mean, and how far they lie apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Arm:
    """`pulls` are requests, `rewards` those that were judged; `squares` sums their squared deviations."""

    name: str
    pulls: int = 0
    rewards: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def rewarded(self, reward: float) -> "Arm":
        """The same arm with one reward more (Welford's update, which loses no digits in long runs)."""
        count = self.rewards + 1
        mean = self.mean + (reward - self.mean) / count
        squares = self.squares + (reward - self.mean) * (reward - mean)
        return replace(self, rewards=count, mean=mean, squares=squares)


def pooled(arms: Sequence[Arm]) -> Arm:
    """All rewards of all arms as if they were one arm's."""
    count = sum(arm.rewards for arm in arms)
    if not count:
        return Arm("all")
    mean = math.fsum(arm.mean * arm.rewards for arm in arms) / count
    squares = math.fsum(arm.squares + arm.rewards * (arm.mean - mean) ** 2 for arm in arms)
    return Arm("all", rewards=count, mean=mean, squares=squares)
