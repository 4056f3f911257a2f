"""Arms that win with chance 0.2, 0.5 and 0.8 in, how often the best is pulled and what is missed out.

1,000 pulls, 100 seeds: our algorithms, the public epsilon-greedy router (seldon-core 1.17.1) by its described
behaviour, and chance. Goal: at least 80 % of the last 500 pulls on the best arm. Regret is what the best arm
would have won more.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from models.bandit.algorithms import Algorithm, epsilon_greedy, thompson_beta, thompson_gaussian
from models.bandit.arms import Arm

# The best arm is last: where all look alike the public router takes the first.
CHANCES, PULLS, LAST, SEEDS = (0.2, 0.5, 0.8), 1000, 500, 100
BEST = CHANCES.index(max(CHANCES))
GOAL = 0.8
Pull = Callable[[int], int]
Learn = Callable[[int, float], None]


class Ours:
    """An algorithm of models/bandit, with its arms in memory."""

    def __init__(self, choose: Algorithm, seed: int) -> None:
        self._choose, self._seed = choose, seed
        self._arms = [Arm(str(number)) for number in range(len(CHANCES))]

    def pull(self, number: int) -> int:
        return self._choose(self._arms, Random(f"{self._seed}/{number}"))

    def learn(self, arm: int, reward: float) -> None:
        self._arms[arm] = self._arms[arm].rewarded(reward)


class Public:
    """The public router: explores among all arms but the best, and counts int(reward * rows) successes."""

    def __init__(self, seed: int) -> None:
        self._chance, count = Random(seed), len(CHANCES)
        self._best, self._won, self._tried = self._chance.randrange(count), [0] * count, [0] * count

    def pull(self, number: int) -> int:
        if self._chance.random() > 0.1:
            return self._best
        return self._chance.choice([arm for arm in range(len(CHANCES)) if arm != self._best])

    def learn(self, arm: int, reward: float) -> None:
        self._won[arm] += int(reward)
        self._tried[arm] += 1
        shares = [w / t if t else 0.0 for w, t in zip(self._won, self._tried, strict=True)]
        self._best = shares.index(max(shares))


@dataclass(frozen=True)
class Played:
    """What came of the seeds: the best arm's share of the last pulls of each, and the regret of each."""

    shares: Sequence[float]
    regrets: Sequence[float]


def play(player: Callable[[int], "Ours | Public"], *, fraction: float = 1.0) -> Played:
    """`fraction` is what a success is worth: below 1 it is a fractional reward."""
    shares, regrets = [], []
    for seed in range(SEEDS):
        one, world, best, regret = player(seed), Random(f"world {seed}"), 0, 0.0
        for number in range(PULLS):
            arm = one.pull(number)
            one.learn(arm, fraction * (world.random() < CHANCES[arm]))
            regret += CHANCES[BEST] - CHANCES[arm]
            best += arm == BEST and number >= PULLS - LAST
        shares.append(best / LAST)
        regrets.append(regret)
    return Played(shares, regrets)


def main() -> None:
    players: dict[str, Callable[[int], Ours | Public]] = {
        "Thompson, Beta": lambda seed: Ours(thompson_beta, seed),
        "Thompson, Gaussian": lambda seed: Ours(thompson_gaussian, seed),
        "epsilon-greedy 0.1": lambda seed: Ours(epsilon_greedy(0.1), seed),
        "the public router": Public,
        "chance": lambda seed: Ours(epsilon_greedy(1), seed),
    }
    print(
        f"  rewards {CHANCES}, {PULLS} pulls, {SEEDS} seeds; goal: {GOAL:.0%} of the last {LAST} on the best"
    )
    for name, player in players.items():
        print(f"  {name:20} {told(play(player))}")
    print("  with successes of 0.9 each:")
    for name in ("Thompson, Gaussian", "epsilon-greedy 0.1", "the public router"):
        print(f"  {name:20} {told(play(players[name], fraction=0.9))}")


def told(played: Played) -> str:
    good = sum(share >= GOAL for share in played.shares)
    share, regret = statistics.mean(played.shares), statistics.mean(played.regrets)
    return f"{share:6.1%} on the best arm, {good:3} of {SEEDS} seeds reach the goal; regret {regret:6.1f}"


if __name__ == "__main__":
    main()
