"""An experiment in, what is counted in it out: requests, or users where requests are those of users.

Requests of one user are alike, and a router gives all of them to one arm: chance deals users, not requests.
So each user counts once, by the mean of their scores; Deng, Knoblich and Lu, "Applying the delta method in
metric analytics" (KDD 2018), section 3, has what comes of counting the requests.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from argolane.serving.observations import Experiment, Seen
from argolane.serving.statistics.guardrails import clustered
from argolane.serving.statistics.moments import MEAN, Moments


@dataclass(frozen=True)
class Counted:
    """With whom each request counts: `whose` has a key for each, None for one that does not count.

    `crossed` users were seen on several arms and count for none; `nameless` requests, of which nobody knows
    the user, count each as a user of its own, as the router deals them.
    """

    word: str  # what is counted
    planned: int
    whose: Sequence[str | int | None]
    arms: Mapping[str, int]  # how many have been seen on each
    crossed: int = 0
    nameless: int = 0

    @property
    def of_users(self) -> bool:
        return self.word != "requests"

    @property
    def number(self) -> int:
        return sum(self.arms.values())

    def kind(self, experiment: Experiment) -> str:
        """What its scores are: means of several are no shares any more."""
        return MEAN if self.of_users else experiment.kind


def counted(experiment: Experiment) -> Counted:
    """Users as soon as one is known, or any were to ask."""
    seen, letters = experiment.seen, [arm.letter for arm in experiment.arms]
    if not experiment.users and not any(one.user for one in seen):
        arms = {letter: sum(one.arm == letter for one in seen) for letter in letters}
        return Counted("requests", experiment.requests, range(len(seen)), arms)
    arms_of: dict[str | int, set[str]] = {}
    for number, one in enumerate(seen):
        if one.arm:
            arms_of.setdefault(one.user or number, set()).add(one.arm)
    crossed = {user for user, arms in arms_of.items() if len(arms) > 1}
    whose = [None if one.user in crossed else one.user or number for number, one in enumerate(seen)]
    kept = [next(iter(arms)) for user, arms in arms_of.items() if user not in crossed]
    return Counted(
        "users",
        experiment.users or round(len(arms_of) * experiment.requests / max(1, len(seen))),
        whose,
        {letter: kept.count(letter) for letter in letters},
        len(crossed),
        sum(not one.user for one in seen),
    )


class Tally:
    """Scores as they come, each counted with the others of its user; higher ones are better."""

    def __init__(self, letters: Iterable[str]) -> None:
        self._sums: dict[tuple[str, str | int], tuple[int, float]] = {}
        self._arms = {letter: [0, 0.0, 0.0] for letter in letters}

    def add(self, arm: str, whose: str | int, score: float) -> None:
        number, total = self._sums.get((arm, whose), (0, 0.0))
        before, after = total / number if number else 0.0, (total + score) / (number + 1)
        self._sums[arm, whose] = number + 1, total + score
        sums = self._arms[arm]
        sums[0] += not number
        sums[1] += after - before
        sums[2] += after**2 - before**2

    @property
    def moments(self) -> dict[str, Moments]:
        return {arm: Moments(int(n), total, squares) for arm, (n, total, squares) in self._arms.items()}


def unanswered(seen: Sequence[Seen], whose: Sequence[str | int | None]) -> tuple[float, float]:
    """(requests without an answer, all requests), as so many that know nothing of one another."""
    groups: dict[str | int | None, list[int]] = {}
    for one, of in zip(seen, whose, strict=True):
        found = groups.setdefault(of, [0, 0])
        found[0] += one.status != 200
        found[1] += 1
    return clustered([(failed, number) for failed, number in groups.values()])
