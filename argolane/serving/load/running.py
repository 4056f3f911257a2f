"""A plan in, what was measured out: the processes of a client, and what they tell second by second."""

import contextlib
import multiprocessing
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from typing import Any

from argolane.errors import ArgolaneError
from argolane.serving.load.address import Address
from argolane.serving.load.machine import busy_share, clock
from argolane.serving.load.measured import Measured, Second, second_of
from argolane.serving.load.plan import Plan
from argolane.serving.load.tally import Tally
from argolane.serving.load.worker import Share, Worker

_START = 0.05  # seconds in which all processes hear of it
_SPARE = 64  # open files besides the connections
_AFTER = -1  # the number that stands for what ended after the last second


class Running:
    """Processes at work. `run` is called once; what `told` gets is each second, and its whole tally."""

    def __init__(self, plan: Plan, address: Address, requests: Sequence[bytes], *,
                 told: Callable[[Second, Tally], None] | None = None,
                 worker: Callable[[], type[Worker]] = lambda: Worker) -> None:  # fmt: skip
        """`worker`: what a process does, asked for within it."""
        self._plan, self._address, self._requests, self._told = plan, address, requests, told
        self._worker = worker
        self._measured = Measured(address.url, plan, local=address.loopback)
        self._open: dict[int, tuple[Tally, int]] = {}
        self._begin = 0.0

    def run(self) -> Measured:
        """ArgolaneError where a process of the client is lost. Ctrl-C ends it with what there is."""
        allow_files(self._plan.clients + _SPARE * self._plan.processes)
        with self._workers() as pipes:
            for pipe in pipes:
                self._received(pipe)
            start = time.perf_counter() + _START
            for pipe in pipes:
                pipe.send(start)
            self._begin = start + self._plan.warm_up
            before, begun = clock(), False
            try:
                while pipes:
                    if not begun and time.perf_counter() >= self._begin:
                        before, begun = clock(), True
                    self._take(pipes)
            except KeyboardInterrupt:
                self._measured.interrupted = True
                for pipe in pipes:
                    with contextlib.suppress(OSError):
                        pipe.send("stop")
                while pipes:
                    self._take(pipes)
            after = clock()
        return self._whole(busy_share(before, after), after.held_back - before.held_back)

    @contextlib.contextmanager
    def _workers(self) -> Iterator[list[Pipe]]:
        """The ends of pipes to processes that wait for the time to start at."""
        context = multiprocessing.get_context("fork")
        ours: list[Pipe] = []
        processes = []
        try:
            for number in range(self._plan.processes):
                one, other = context.Pipe()
                ours.append(one)
                process = context.Process(target=self._work, args=(number, other, list(ours)), daemon=True)
                process.start()
                processes.append(process)
                other.close()
            yield ours
        finally:
            for process in processes:
                process.terminate()
                process.join()

    def _work(self, number: int, pipe: Pipe, others: list[Pipe]) -> None:
        """In its process: an end of it would be open for ever, were those of the parent open here, too."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for other in others:
            other.close()
        with contextlib.suppress(OSError, EOFError):  # the parent is gone: nobody wants to know any more
            worker = self._worker()
            pipe.send("ready")
            share = Share(number, self._plan.processes, pipe.recv())
            worker(self._plan, self._address, self._requests, share, control=pipe.fileno(),
                   told=lambda second, tally: pipe.send((second, tally))).run()  # fmt: skip

    def _take(self, pipes: list[Pipe]) -> None:
        """What processes have told, or none has in some time; a pipe whose process is done is taken out."""
        ready: Any = wait(list(pipes), 0.2)
        for pipe in ready:
            second, found = self._received(pipe)
            self._measured.total.merge(found)
            if second == _AFTER:
                pipes.remove(pipe)
            else:
                self._measured.within += found.answered
                self._add(second, found)

    def _received(self, pipe: Pipe) -> Any:
        try:
            return pipe.recv()
        except (EOFError, OSError):
            raise ArgolaneError(
                "A process of the load test ended before its time: it was killed, or had no memory."
            ) from None

    def _add(self, second: int, found: Tally) -> None:
        kept, number = self._open.pop(second, (Tally(), 0))
        kept.merge(found)
        if number + 1 < self._plan.processes:
            self._open[second] = kept, number + 1
        else:
            self._close(second, kept)

    def _close(self, second: int, found: Tally) -> None:
        closed = second_of(second, found)
        self._measured.seconds.append(closed)
        if self._told:
            self._told(closed, found)

    def _whole(self, busy: float | None, held_back: float) -> Measured:
        measured = self._measured
        for second in sorted(self._open):
            self._close(second, self._open[second][0])
        end = min(time.perf_counter(), self._begin + self._plan.duration)
        last = measured.total.last
        measured.length = max(0.0, end - self._begin)
        measured.silent = max(0.0, end - max(last, self._begin))
        measured.busy, measured.held_back = busy, held_back
        return measured


def allow_files(number: int) -> None:
    """ArgolaneError where this process may not have so many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < number:
        if hard != resource.RLIM_INFINITY and hard < number:
            raise ArgolaneError(
                f"{number} open files are needed, and {hard} are allowed here: take fewer clients or "
                "connections, or raise it with ulimit -n."
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
