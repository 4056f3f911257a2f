"""How many pods there are of each version in, which to start and which to end next out: the arithmetic alone.

As the Deployment controller of Kubernetes does it (pkg/controller/deployment, rolling.go and recreate.go).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class Counted(Protocol):
    """A pod, as far as it is counted."""

    @property
    def ready(self) -> bool: ...
    @property
    def available(self) -> bool: ...


P = TypeVar("P", bound=Counted)


@dataclass(frozen=True)
class Wanted:
    """What a Deployment asks for; `surge` and `unavailable` are numbers of pods."""

    replicas: int
    surge: int
    unavailable: int
    recreate: bool = False

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Wanted":
        """A percentage is one of the replicas: of a surge rounded up, of what may be missing rounded down."""
        replicas = int(spec.get("replicas", 1))
        strategy = spec.get("strategy") or {}
        if strategy.get("type") == "Recreate":
            return cls(replicas, 0, 0, recreate=True)
        rolling = strategy.get("rollingUpdate") or {}
        surge = _number(rolling.get("maxSurge", "25%"), replicas, up=True)
        unavailable = _number(rolling.get("maxUnavailable", "25%"), replicas, up=False)
        if not surge and not unavailable:
            # Both came from percentages: something has to move.
            unavailable = 1
        return cls(replicas, surge, min(unavailable, replicas))

    @property
    def least(self) -> int:
        """So many are to be available all the time."""
        return self.replicas - self.unavailable


@dataclass(frozen=True)
class Step(Generic[P]):
    start: int
    end: Sequence[P]


def step(wanted: Wanted, new: Sequence[P], old: Sequence[P], *, ending: int = 0) -> Step[P]:
    """The next step. `old` are pods of other versions, the oldest first; `ending` more are on their way."""
    if wanted.recreate:
        start = 0 if old or ending else max(0, wanted.replicas - len(new))
        return Step(start, [*old, *_surplus(new, len(new) - wanted.replicas)])
    room = wanted.replicas + wanted.surge - len(new) - len(old)
    if len(new) < wanted.replicas and room > 0:
        return Step(min(room, wanted.replicas - len(new)), ())
    if len(new) > wanted.replicas:
        return Step(0, _surplus(new, len(new) - wanted.replicas))
    missing = sum(not pod.available for pod in new)
    most = len(new) + len(old) - wanted.least - missing
    if not old or most <= 0:
        return Step(0, ())
    # First those that serve nobody.
    gone = [pod for pod in old if not pod.available][:most]
    spare = sum(pod.available for pod in (*new, *old)) - wanted.least
    gone += [pod for pod in old if pod.available][: max(0, min(spare, most - len(gone)))]
    return Step(0, gone)


def _surplus(pods: Sequence[P], count: int) -> list[P]:
    """The pods to end when there are too many: those that are not ready, then the youngest."""
    if count <= 0:
        return []
    ranked = sorted(enumerate(pods), key=lambda item: (item[1].ready, item[1].available, -item[0]))
    return [pod for _, pod in ranked[:count]]


def _number(value: int | str, replicas: int, *, up: bool) -> int:
    if isinstance(value, str):
        share = int(value.rstrip("%")) * replicas / 100
        return math.ceil(share) if up else math.floor(share)
    return int(value)
