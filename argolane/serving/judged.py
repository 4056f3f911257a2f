"""What an experiment is decided by, and what is said of it: shapes, and how they are read and shortened."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Rules:
    """What is decided by. `effect` is the least difference worth finding; 0: what the requests can find."""

    alpha: float = 0.05
    power: float = 0.8
    effect: float = 0.0
    every: int = 100
    slower: float = 2.0
    errors: float = 0.01


@dataclass(frozen=True)
class Interval:
    """How much better `other` is than `one` after so many scores: above 0 where it is, by any metric."""

    one: str
    other: str
    scores: int
    value: float
    low: float | None
    high: float | None
    p: float


@dataclass(frozen=True)
class Told:
    """An arm in figures."""

    arm: str
    name: str
    version: str
    requests: int
    scores: int  # users with a score, where users are counted
    mean: float | None
    p99: float | None
    probability: float  # of being the best
    users: int | None = None
    unanswered: int = 0  # of the requests, as far as errors tell of an arm


@dataclass(frozen=True)
class Judgement:
    """The verdict, why, and what it comes from; `needed` is a number of what is `counted`."""

    verdict: str
    reason: str
    deployment: str
    run: str
    score: str
    better: str
    requests: int
    seen: int
    mismatch: float | None
    effect: float | None
    needed: int | None
    arms: Sequence[Told]
    intervals: Sequence[Interval] = field(default_factory=list)
    counted: str = "requests"  # or users
    crossed: int = 0  # users that were seen on several arms
    nameless: int = 0  # requests of nobody, where users are counted

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_judgement(told: Mapping[str, Any]) -> Judgement:
    """What `to_dict` has given."""
    arms = [Told(**arm) for arm in told["arms"]]
    intervals = [Interval(**one) for one in told["intervals"]]
    return Judgement(**{**told, "arms": arms, "intervals": intervals})


def thinned(judgement: Judgement, most: int) -> Judgement:
    """The same with the intervals of at most so many looks, the latest among them."""
    pairs = len(judgement.arms) * (len(judgement.arms) - 1) // 2
    looks = len(judgement.intervals) // pairs
    kept = {looks - 1 - n * max(1, -(-looks // most)) for n in range(looks)}
    intervals = [one for n, one in enumerate(judgement.intervals) if n // pairs in kept]
    return replace(judgement, intervals=intervals)
