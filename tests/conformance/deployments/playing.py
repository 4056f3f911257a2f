"""A case's steps and a cluster in; what was seen of each step, out.

The same steps are played on a real cluster, to record or to check, and in the local runner.
"""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, Protocol

from snapshot import Normal, View


class Cluster(Protocol):
    """What the steps of a case are done to; what is refused gives {"refused": text, "causes": [...]}."""

    namespace: str
    settled: float  # seconds in which nothing changes, before a state counts as the answer
    within: float  # seconds for a state to be seen
    every: float  # seconds between two looks

    def change(self, verb: str, what: Any) -> dict[str, Any]: ...
    def view(self) -> View: ...
    def address(self, service: str, port: int) -> tuple[str, int]: ...
    def statuses(self, deployment: str, stop: threading.Event) -> Iterator[Mapping[str, Any]]: ...


@dataclass
class _Background:
    """A thread that looks on while steps are done."""

    work: Callable[[threading.Event], None]
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self.work, args=(self.stop,), daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(30)


def play(steps: list[dict[str, Any]], cluster: Cluster) -> list[Any]:
    """What was seen of each step."""
    return _Play(cluster).all(steps)


class _Play:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.normal = cluster, Normal(cluster.namespace)
        self.seen: list[Any] = []
        self.held: list[str] = []
        self.extremes: dict[str, int] = {}
        self.running: dict[str, _Background] = {}

    def all(self, steps: list[dict[str, Any]]) -> list[Any]:
        try:
            for step in steps:
                ((verb, what),) = step.items()
                own = getattr(self, f"_{verb}", None)
                result = own(what) if own else self._change(verb, what)
                self.seen.append(result)
        finally:
            for background in self.running.values():
                background.end()
        return self.seen

    def _change(self, verb: str, what: Any) -> dict[str, Any]:
        done = self.cluster.change(verb, what)
        return {key: self.normal.plain(text) if isinstance(text, str) else text for key, text in done.items()}

    def _until(self, what: Mapping[str, Any]) -> dict[str, Any]:
        """The first state that fits and stays; `lasting: false` takes the first that fits."""
        end = time.monotonic() + self.cluster.within
        lasting = self.cluster.settled if what.get("lasting", True) else 0.0
        before: dict[str, Any] = {}
        since = time.monotonic()
        while True:
            view = self.cluster.view()
            now = self.normal.snapshot(view)
            if now != before:
                before, since = now, time.monotonic()
            if fits(what.get("see", {}), now) and time.monotonic() - since >= lasting:
                self.normal.remember(view)
                return {**now, **self._watched(what)}
            if time.monotonic() > end:
                raise TimeoutError(f"{what} was not seen; the last state is {now}; before: {self.seen}")
            time.sleep(self.cluster.every)

    def _watched(self, what: Mapping[str, Any]) -> dict[str, Any]:
        if not what.get("watched"):
            return {}
        self.running.pop("watch").end()
        return {"watched": self.extremes}

    def _watch(self, deployment: str) -> dict[str, Any]:
        """From now on, the largest and smallest counts of the Deployment's status are kept."""
        self.extremes = {}

        def work(stop: threading.Event) -> None:
            for status in self.cluster.statuses(deployment, stop):
                ready, total = status.get("availableReplicas", 0), status.get("replicas", 0)
                self.extremes["least available"] = min(ready, self.extremes.get("least available", ready))
                self.extremes["most replicas"] = max(total, self.extremes.get("most replicas", total))

        self.running["watch"] = _Background(work)
        while not self.extremes:
            time.sleep(0.02)
        return {}

    def _ask(self, what: Mapping[str, Any]) -> dict[str, Any]:
        """Which answers there are among so many, once they stay the same: a node learns late of endpoints."""
        before: list[str] = []
        for _ in range(5):
            time.sleep(self.cluster.settled)
            answers = sorted({self._answer(what) for _ in range(what.get("times", 1))})
            if answers == before:
                break
            before = answers
        return {"answers": before}

    def _hold(self, what: Mapping[str, Any]) -> dict[str, Any]:
        """Ask again and again, a new connection each, until `release`."""
        self.held = []

        def work(stop: threading.Event) -> None:
            while not stop.is_set():
                self.held.append(self._answer(what))
                time.sleep(0.02)

        self.running["hold"] = _Background(work)
        return {}

    def _release(self, _: Any) -> dict[str, Any]:
        self.running.pop("hold").end()
        return {"answers": sorted(set(self.held))}

    def _answer(self, what: Mapping[str, Any]) -> str:
        host, port = self.cluster.address(what["service"], what["port"])
        connection = http.client.HTTPConnection(host, port, timeout=3)
        try:
            connection.request("GET", what.get("path", "/"))
            return connection.getresponse().read().decode()
        except ConnectionRefusedError:
            return "(refused)"
        except (OSError, http.client.HTTPException) as error:
            return f"({type(error).__name__})"
        finally:
            connection.close()


def fits(wanted: Any, found: Any) -> bool:
    """Each thing wanted is there; a list's items each fit another item, and there are no more of them."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            fits(value, found.get(key)) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return len(wanted) == len(found or []) and any(
            all(fits(one, other) for one, other in zip(wanted, order, strict=True))
            for order in permutations(found or [])
        )
    return bool(wanted == found) or (wanted == 0 and found is None)
