"""Requests and rewards in, the arm for each request out: epsilon-greedy or Thompson sampling, with a memory.

The graph's parameters say how; STATE_FILE names the file on a claim that what is learned is kept in. Replicas
and restarts share it.
"""

import math
import os
import secrets
import sqlite3
from pathlib import Path
from random import Random
from typing import Any

from models.bandit.algorithms import Algorithm, epsilon_greedy, thompson_beta, thompson_gaussian
from models.bandit.state import State
from models.runtimes.bad_input import BadInput
from models.runtimes.gauges import Gauged
from models.runtimes.routers import Router, log, named_arms

ALGORITHMS = ("epsilon-greedy", "thompson")
REWARDS = ("binary", "real")
REMEMBERED = 1_000_000


class Bandit(Gauged, Router):
    """A ROUTER that learns. Environment: STATE_FILE."""

    def __init__(
        self,
        arms: str = "",
        algorithm: str = "thompson",
        rewards: str = "binary",
        epsilon: float = 0.1,
        seed: str = "",
        remembered: int = REMEMBERED,
    ) -> None:
        """`arms` are names of the children, in their order; a name is what its rewards are kept under.

        `rewards` are binary, 0 or 1, or real. With a `seed` the choices are the same ones again for the same
        rewards; `remembered` is for how many rewards a puid is known again.
        """
        self.arms = named_arms(arms)
        _one_of("algorithm", algorithm, ALGORITHMS)
        _one_of("rewards", rewards, REWARDS)
        if not 0 <= float(epsilon) <= 1:
            raise RuntimeError(f"epsilon is {epsilon!r}; expected a number from 0 to 1.")
        if int(remembered) < 1:
            raise RuntimeError(f"remembered is {remembered!r}; expected a whole number of at least 1.")
        self.binary, self.seed, self.remembered = rewards == "binary", str(seed), int(remembered)
        self.choose: Algorithm = thompson_beta if self.binary else thompson_gaussian
        if algorithm == "epsilon-greedy":
            self.choose = epsilon_greedy(float(epsilon))

    def load(self) -> None:
        """Open the file. Every failure is a RuntimeError: of others, Seldon's wrapper hides some."""
        super().load()
        file = os.environ.get("STATE_FILE")
        if not file:
            raise RuntimeError("STATE_FILE is not set; it names the file on a claim that is learned into.")
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            self.state = State(file, self.arms, remembered=self.remembered)
        except (OSError, ValueError, sqlite3.Error) as error:
            raise RuntimeError(f"STATE_FILE {file}: {error}") from error

    def route(self, X: Any, names: Any = None, meta: Any = None) -> int:
        """The number of the child that is to answer."""
        return self.state.pull(lambda arms: self.choose(arms, self._chance(sum(arm.pulls for arm in arms))))

    def send_feedback(
        self, X: Any, names: Any, reward: float, truth: Any, routing: int | None = None, puid: str = ""
    ) -> None:
        """Learn from a reward of the child `routing`, once for a puid. Raises BadInput for no reward."""
        arm = self.routed(routing)
        if arm is None:
            return
        if not math.isfinite(reward) or (self.binary and reward not in (0, 1)):
            expected = "0 or 1, or the parameter rewards: real" if self.binary else "a finite number"
            raise BadInput(f"The reward is {reward!r}; expected {expected}.")
        if not self.state.reward(arm, float(reward), puid):
            log.warning("%s: puid %s is rewarded already; it is not counted again.", self.node, puid)

    def send_feedback_raw(self, feedback: Any) -> Any:
        """What the wrapper calls, since it tells `send_feedback` no puid."""
        from models.runtimes import seldon

        return seldon.learn(self, feedback, node=self.node)

    def gauges(self) -> list[dict[str, Any]]:
        """Of each arm, as the file has them: so they are the same in all replicas."""
        found = []
        for arm in self.state.arms():
            told = {"pulls": arm.pulls, "rewards": arm.rewards, "reward_mean": arm.mean}
            found += [
                {"type": "GAUGE", "key": f"bandit_arm_{name}", "value": value, "tags": {"arm": arm.name}}
                for name, value in told.items()
                if name != "reward_mean" or arm.rewards
            ]
        return found

    def _chance(self, pulls: int) -> Random:
        """Chance for one pull: with a seed, of its number, so that a restart repeats none."""
        return Random(f"{self.seed}/{pulls}" if self.seed else secrets.randbits(64))


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise RuntimeError(f"{name} is {value!r}; expected {' or '.join(known)}.")


Model = Bandit  # the name by which the images of all units are started
