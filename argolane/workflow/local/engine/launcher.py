"""Orders for pods in, threads that run them: as many at once as the machine holds, the rest wait."""

import threading
from collections import deque
from collections.abc import Callable

from argolane.workflow.local.engine.capacity import Capacity
from argolane.workflow.local.pod.exits import over
from argolane.workflow.local.pod.stopping import Stop
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult

RunPod = Callable[[PodOrder, Stop], PodResult]

_PASSED = 16


class Launcher:
    """The pods of one run. `done` is called in the pod's thread with its result."""

    def __init__(self, run_pod: RunPod, done: Callable[[str, PodResult], None]) -> None:
        self._run_pod, self._done = run_pod, done
        self._waiting: deque[PodOrder] = deque()
        self._stops: dict[str, Stop] = {}
        self._capacity = Capacity()
        self._threads: dict[str, threading.Thread] = {}
        self._idle: set[str] = set()

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._stops)

    @property
    def works(self) -> bool:
        """Whether a pod may still say something of its own accord that lets the run go on."""
        return bool(self._waiting or self._stops.keys() - self._idle)

    def idle(self, node_id: str) -> None:
        """A daemon is up. Its place is free: what it waits for could need that."""
        self._idle.add(node_id)
        self._capacity.give_back(node_id)
        self.start_what_fits()

    def add(self, order: PodOrder) -> None:
        self._waiting.append(order)
        self.start_what_fits()

    def start_what_fits(self) -> None:
        """In order, but a pod that fits need not wait for a few large ones that do not."""
        passed: list[PodOrder] = []
        while self._waiting and len(passed) < _PASSED and not self._capacity.full:
            order = self._waiting.popleft()
            if self._capacity.take(order.node_id, order.template):
                self._start(order)
            else:
                passed.append(order)
        self._waiting.extendleft(reversed(passed))

    def over(self, node_id: str) -> None:
        """The run has taken note of a pod's end: its place is free."""
        stop = self._stops.pop(node_id, None)
        if stop is not None:
            self._threads.pop(node_id).join()
            stop.close()
            self._capacity.give_back(node_id)
        self.start_what_fits()

    def stop(self, node_id: str, reason: str, grace: float) -> None:
        """End a pod; one that still waits is over at once."""
        for order in list(self._waiting):
            if order.node_id == node_id:
                self._waiting.remove(order)
                self._done(node_id, over("Failed", reason))
                return
        stop = self._stops.get(node_id)
        if stop is not None:
            stop.order(reason, grace)

    def stop_all(self, reason: str, grace: float) -> None:
        for node_id in [*(order.node_id for order in self._waiting), *self._stops]:
            self.stop(node_id, reason, grace)

    def _start(self, order: PodOrder) -> None:
        stop = self._stops[order.node_id] = Stop()

        def work() -> None:
            self._done(order.node_id, self._run_pod(order, stop))

        thread = threading.Thread(target=work, name=f"pod {order.node_name}", daemon=True)
        self._threads[order.node_id] = thread
        thread.start()
