"""Numbers of requests in, each of them asked, kept and rewarded out: the order of work of `traffic`.

What is asked is done by threads; what comes of it is kept by one, several requests in one transaction where
several are done. A request holds its place until its reward is sent back, so that with one at a time a router
has learned from each before the next.
"""

import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from workflows.parts.steps.asking import PAUSE, SAY_EVERY
from workflows.parts.steps.observations import Observation, Observations

NOBODY = 20  # requests one after another that meet nobody: that is no matter of an arm any more
UNMET = (0, 503)  # no answer at all, or that of who stands before a graph that is not ready


class Asks(Protocol):
    """What knows how to ask, and how to send a reward back."""

    url: str

    def ask(self, number: int) -> Observation: ...
    def tell(self, seen: Observation) -> int | None: ...


class Workers:
    """Threads that do what they are given, each thing once; what comes of it is taken by one alone."""

    def __init__(self, number: int) -> None:
        self._jobs: queue.Queue[Callable[[], Any]] = queue.Queue()
        self._done: queue.Queue[Any] = queue.Queue()
        self._number, self.busy = number, 0
        for _ in range(number):
            threading.Thread(target=self._work, daemon=True).start()

    @property
    def free(self) -> bool:
        return self.busy < self._number

    def give(self, job: Callable[[], Any]) -> None:
        self.busy += 1
        self._jobs.put(job)

    def take(self, wait: float) -> list[Any]:
        """All that is done, at least one thing, unless none is after `wait` seconds. What a job raises."""
        found: list[Any] = []
        try:
            found.append(self._done.get(timeout=wait))
            while True:
                found.append(self._done.get_nowait())
        except queue.Empty:
            self.busy -= len(found)
        for one in found:
            if isinstance(one, Exception):
                raise one
        return found

    def _work(self) -> None:
        while True:
            try:
                self._done.put(self._jobs.get()())
            except Exception as error:  # raised where it is taken
                self._done.put(error)


class Sending:
    """All numbers below `requests` that are not kept yet, and the rewards that are not told."""

    def __init__(
        self, asks: Asks, kept: Observations, requests: int, *, parallel: int, rate: float, wait: float
    ) -> None:
        known = kept.numbers()
        self._asks, self._kept, self._requests = asks, kept, requests
        self._numbers = deque(number for number in range(requests) if number not in known)
        self._rewards = deque(kept.untold())
        self._workers, self._rate = Workers(parallel), rate
        self._began = time.monotonic()
        self._until = self._began + wait
        self._sent = self._lost = 0
        self._met = False
        self._unmet: list[Observation] = []

    def run(self) -> None:
        """SystemExit says what hinders; all that was kept until then stays."""
        self._all()
        if self._lost:  # the deployment may have been on its way
            self._lost = 0
            self._rewards.extend(self._kept.untold())
            self._all()
        if self._lost:
            sys.exit(f"{self._lost} rewards were not taken by {self._asks.url}. Retry the run to send them.")

    def _all(self) -> None:
        spoke = time.monotonic()
        while self._numbers or self._rewards or self._workers.busy:
            pause = self._give()
            if self._workers.busy:
                self._keep(self._workers.take(pause))
            else:
                time.sleep(pause)
            if time.monotonic() > spoke + SAY_EVERY:
                spoke = time.monotonic()
                print(f"{self._requests - len(self._numbers)} of {self._requests} requests", flush=True)
        self._kept.add(self._unmet, [])

    def _give(self) -> float:
        """Gives out what is due; returns the seconds until more is."""
        while self._workers.free and (self._rewards or self._numbers):
            if self._rewards:
                self._workers.give(partial(self._asks.tell, self._rewards.popleft()))
                continue
            due = self._began + (self._sent / self._rate if self._rate else 0) - time.monotonic()
            if due > 0:
                return min(due, SAY_EVERY)
            self._workers.give(partial(self._asks.ask, self._numbers.popleft()))
            self._sent += 1
        return SAY_EVERY

    def _keep(self, done: list[Any]) -> None:
        told = [one for one in done if isinstance(one, int)]
        seen = [one for one in done if isinstance(one, Observation)]
        self._lost += sum(one is None for one in done)
        some = any(one.status not in UNMET for one in seen)
        self._met = self._met or some
        if seen and not self._met:
            self._again(seen)
        elif seen and not some:
            # They count once the next meets somebody; until then it may be that nobody is there at all.
            self._unmet += seen
            if len(self._unmet) >= NOBODY:
                last = self._unmet[-1].error
                sys.exit(f"{self._asks.url}: {len(self._unmet)} requests in a row met nobody: {last}")
        elif seen:
            new = self._kept.add([*self._unmet, *seen], told)
            self._rewards.extend(one for one in new if one.reward is not None)
            self._unmet = []
            return
        if told:
            self._kept.add([], told)

    def _again(self, seen: list[Observation]) -> None:
        """Before the first answer of all: the deployment may be on its way."""
        if time.monotonic() > self._until:
            sys.exit(f"{self._asks.url}: nobody answers there: {seen[-1].error}")
        self._numbers.extendleft(one.number for one in reversed(seen))
        time.sleep(PAUSE)
