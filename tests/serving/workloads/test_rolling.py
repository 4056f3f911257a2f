"""The arithmetic of a rollout, without a pod: what Kubernetes' documentation and source say of it."""

from dataclasses import dataclass
from typing import Any

import pytest

from argolane.serving.workloads.rolling import Wanted, step


@dataclass(frozen=True)
class Pod:
    name: str
    ready: bool = True

    @property
    def available(self) -> bool:
        return self.ready


def pods(text: str, letter: str = "") -> list[Pod]:
    """`++-`: two that are ready and one that is not."""
    return [Pod(f"{letter}{i}", sign == "+") for i, sign in enumerate(text)]


@pytest.mark.parametrize(
    ("replicas", "rolling", "surge", "unavailable"),
    [
        (4, {}, 1, 1),
        (1, {}, 1, 0),
        (10, {"maxSurge": "25%", "maxUnavailable": "25%"}, 3, 2),
        (3, {"maxSurge": 0, "maxUnavailable": "34%"}, 0, 1),
        (3, {"maxSurge": "0%", "maxUnavailable": "10%"}, 0, 1),
        (2, {"maxSurge": 5, "maxUnavailable": 7}, 5, 2),
        (0, {}, 0, 1),
    ],
)
def test_percentages(replicas: int, rolling: Any, surge: int, unavailable: int) -> None:
    """A surge is rounded up and what may be missing down; where both are 0 one may be missing."""
    wanted = Wanted.of({"replicas": replicas, "strategy": {"rollingUpdate": rolling}})
    assert (wanted.surge, wanted.unavailable) == (surge, min(unavailable, replicas))


@pytest.mark.parametrize(
    ("wanted", "new", "old", "start", "end"),
    [
        # The first pods.
        (Wanted(3, 1, 0), "", "", 3, []),
        # One more than there may be missing; then, with that ready, an old one goes.
        (Wanted(3, 1, 0), "", "+++", 1, []),
        (Wanted(3, 1, 0), "-", "+++", 0, []),
        (Wanted(3, 1, 0), "+", "+++", 0, ["o0"]),
        (Wanted(3, 1, 0), "+", "++", 1, []),
        # No surge: an old one goes first.
        (Wanted(3, 0, 1), "", "+++", 0, ["o0"]),
        (Wanted(3, 0, 1), "", "++", 1, []),
        # Old ones that answer nobody go at once, as far as the new ones that do not are counted.
        (Wanted(2, 1, 1), "--", "+-", 0, ["o1"]),
        (Wanted(2, 1, 0), "-", "--", 0, []),
        # Scaled down: those that are not ready, then the youngest.
        (Wanted(1, 1, 0), "+-+", "", 0, ["n1", "n2"]),
        # Recreate: all old ones are gone before the first new one comes.
        (Wanted(2, 0, 2, recreate=True), "", "++", 0, ["o0", "o1"]),
        (Wanted(2, 0, 2, recreate=True), "", "", 2, []),
    ],
)
def test_one_step(wanted: Wanted, new: str, old: str, start: int, end: list[str]) -> None:
    """What is started or ended next, from every state that matters."""
    found = step(wanted, pods(new, "n"), pods(old, "o"))
    assert (found.start, [pod.name for pod in found.end]) == (start, end)


def test_recreate_waits_for_those_on_their_way_out() -> None:
    """An old pod that has been told to end may still hold what a new one wants."""
    assert step(Wanted(1, 0, 1, recreate=True), [], [], ending=1).start == 0
