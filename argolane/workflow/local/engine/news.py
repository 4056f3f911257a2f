"""What happens outside the reconciler's thread: pods that started or are over, signals."""

import queue
from collections.abc import Iterator
from dataclasses import dataclass

from argolane.workflow.local.reconciler.ports import PodResult


@dataclass(frozen=True)
class PodStarted:
    node_id: str


@dataclass(frozen=True)
class PodReady:
    """Each container of a daemon's pod is; others reach it at the address."""

    node_id: str
    address: str


@dataclass(frozen=True)
class PodNoted:
    """What a pod waits for, in a few words; '' when there is nothing to say any more."""

    node_id: str
    words: str


@dataclass(frozen=True)
class PodOver:
    node_id: str
    result: PodResult


@dataclass(frozen=True)
class Signalled:
    """Somebody wants the run ended."""


Happening = PodStarted | PodReady | PodNoted | PodOver | Signalled


class News:
    """Told from any thread, heard in one."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Happening] = queue.SimpleQueue()

    def __bool__(self) -> bool:
        return not self._queue.empty()

    def tell(self, happening: Happening) -> None:
        self._queue.put(happening)

    def take(self, seconds: float) -> Iterator[Happening]:
        """Everything there is; waits for the first."""
        try:
            yield self._queue.get(timeout=seconds) if seconds else self._queue.get_nowait()
            while True:
                yield self._queue.get_nowait()
        except queue.Empty:
            return
