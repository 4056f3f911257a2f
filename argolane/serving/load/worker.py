"""A plan and a place in, what came of the requests out, second by second: one process of a client.

One loop over epoll and bare sockets, some 20 µs of work a request. What it waits for next is a time as much
as a socket, and epoll knows milliseconds only: so select waits, with microseconds, for epoll itself.
"""

import contextlib
import gc
import math
import select
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from argolane.serving.load.address import Address
from argolane.serving.load.answer import Ways
from argolane.serving.load.connection import Connection, Failed, Lost
from argolane.serving.load.plan import Plan
from argolane.serving.load.tally import LATE, TIMEOUT, UNSENT, Tally

REST = 0.1  # seconds after a failure in which a client of a closed loop asks nothing
_LOOK = 0.05  # seconds between two looks at what has waited too long
_SURE = 3  # failures in a row, at least, after which the server is taken to be gone
_ROUNDED = 1e-6  # seconds by which a sum of times may be off
_TRIES = 3  # of a request whose connection was lost before the server took it
_BATCH = 64  # requests begun before the answers are looked at again
_STEPS = 1000  # in which requests that were never sent are counted with the times they waited


@dataclass(frozen=True)
class Share:
    """Which part of a plan one process does: `number` of `of`; `start` is by time.perf_counter()."""

    number: int
    of: int
    start: float

    def part(self, whole: int) -> int:
        return whole // self.of + (self.number < whole % self.of)


class Worker:
    """`told` gets the tally of each second of the measurement, by its number, and of what ends after it;
    `control` is a file that becomes readable when all is to end at once."""

    def __init__(self, plan: Plan, address: Address, requests: Sequence[bytes], share: Share, *,
                 control: int, told: Callable[[int, Tally], None]) -> None:  # fmt: skip
        self._plan, self._address, self._requests, self._share = plan, address, requests, share
        self._control, self._told = control, told
        self._from = share.start + plan.warm_up  # from where it counts
        self._end = self._from + plan.duration - _ROUNDED
        self._most, self._counted = share.part(plan.requests), 0
        self._turn = share.number
        self._clients, self._made = share.part(plan.clients), 0
        self._poll = select.epoll()
        self._poll.register(control, select.EPOLLIN)
        self._by_fd: dict[int, Connection] = {}
        self._idle: list[Connection] = []
        self._resting: deque[tuple[float, Connection]] = deque()
        self._due = share.start + (share.number / plan.rate if plan.rate else 0)
        self._step = share.of / plan.rate if plan.rate else 0.0
        self._begun, self._waited = 0, False
        self._tally, self._second, self._ways, self._cpu = Tally(), 0, Ways(), 0.0
        self._last, self._failed, self._looked = share.start, 0, 0.0
        self._counting = self._stopped = False

    def run(self) -> None:
        with contextlib.suppress(OSError):  # a sleep that ends when it is asked to, not 50 µs later
            Path("/proc/self/timerslack_ns").write_text("1")
        self._spare_memory()
        while (now := time.perf_counter()) < self._share.start:
            time.sleep(self._share.start - now)
        self._cpu = time.process_time()
        while (now := time.perf_counter()) < self._end and self._goes_on(now):
            self._look(now)
            self._begin_due(now)
            self._wait(min(self._next(), self._end))
        self._end = min(self._end, time.perf_counter())
        if not self._stopped:
            self._count_unsent()
        self._flush()
        while not self._stopped and any(one.busy for one in self._by_fd.values()):
            self._wait(time.perf_counter() + 0.05)
            self._look(time.perf_counter())
        self._told(-1, self._tally)

    def _spare_memory(self) -> None:
        gc.disable()  # nothing here makes circles

    def _goes_on(self, now: float) -> bool:
        silent = self._failed >= _SURE and now > self._last + self._plan.patience
        return not self._stopped and not silent and self._counted < self._most

    def _look(self, now: float) -> None:
        """What time alone brings about."""
        if now > self._looked + _LOOK:
            self._looked = now
            for one in list(self._by_fd.values()):
                if one.busy and now > one.sent + self._plan.timeout:
                    self._fail(one, TIMEOUT, f"no answer within {self._plan.timeout:g} s")
        if not self._counting and now >= self._from:
            self._counting, self._cpu = True, time.process_time()
        while self._from + self._second + 1 <= now < self._end:
            self._flush()

    def _begin_due(self, now: float) -> None:
        if not self._plan.rate:
            while self._resting and self._resting[0][0] <= now:
                self._idle.append(self._resting.popleft()[1])
            while (self._made < self._clients or self._idle) and self._counted < self._most:
                self._begin(self._free(), time.perf_counter())
            return
        for _ in range(_BATCH):
            if self._due > now:
                return
            if not self._idle and self._made >= self._clients:
                self._waited = True
                return
            self._begin_next(self._free())

    def _begin_next(self, one: Connection) -> None:
        """The next of the arrivals, over this connection."""
        intended, self._begun = self._due, self._begun + 1
        self._due = self._share.start + (self._share.number + self._begun * self._share.of) / self._plan.rate  # type: ignore[operator]
        now = time.perf_counter()
        if intended >= self._from:
            # Who waited for the last of all connections waited for the server.
            ready = intended if self._idle or self._made < self._clients else max(intended, one.free)
            self._tally.delays.add(max(0.0, now - ready))
            self._tally.late += ready > intended + LATE
        self._begin(one, intended)

    def _free(self) -> Connection:
        if self._idle:
            return self._idle.pop()
        self._made += 1
        return self._connection()

    def _connection(self) -> Connection:
        return Connection(self._address, self._poll)

    def _begin(self, one: Connection, intended: float) -> None:
        one.intended, one.tried = intended, 0
        request = self._requests[self._turn % len(self._requests)]
        self._turn += self._share.of
        self._counted += intended >= self._from
        self._try(one, request)

    def _try(self, one: Connection, request: bytes) -> None:
        one.sent = time.perf_counter()
        try:
            before = one.fd
            one.begin(request)
            if one.fd != before:
                self._by_fd[one.fd] = one
        except Lost:
            self._again(one)
        except Failed as failed:
            if one.fd >= 0:
                self._by_fd[one.fd] = one
            self._fail(one, failed.kind, str(failed))

    def _again(self, one: Connection) -> None:
        """The server had closed the connection: that is no fault of it, the request takes a new one."""
        self._drop(one)
        if not one.busy:
            return
        one.tried += 1
        self._tally.reconnected += one.intended >= self._from
        if one.tried >= _TRIES:
            self._fail(one, "connection closed", "the server closed connection after connection")
        else:
            self._try(one, one.request)

    def _drop(self, one: Connection) -> None:
        self._by_fd.pop(one.fd, None)
        one.close()

    def _next(self) -> float:
        """When there is something to do, if no answer comes before."""
        soonest = time.perf_counter() + _LOOK
        if self._plan.rate:
            return soonest if self._waited else min(soonest, self._due)
        return min(soonest, self._resting[0][0]) if self._resting else soonest

    def _wait(self, until: float) -> None:
        self._waited = False
        wait = until - time.perf_counter()
        if self._plan.rate and wait > 0:
            select.select((self._poll.fileno(),), (), (), wait)
            wait = 0
        for fd, flags in self._poll.poll(max(wait, 0)):
            if fd == self._control:
                self._stopped = True
                return
            one = self._by_fd.get(fd)
            if one is None:
                continue
            try:
                if flags & select.EPOLLOUT:
                    one.writable()
                if flags & ~select.EPOLLOUT and one.readable():
                    self._answered(one)
            except Lost:
                self._again(one)
            except Failed as failed:
                self._fail(one, failed.kind, str(failed))

    def _answered(self, one: Connection) -> None:
        now = time.perf_counter()
        answer = one.answer
        if one.intended >= self._from:
            if 200 <= answer.status < 300:
                self._tally.answer(now - one.intended, self._ways.of(answer.body))
                self._tally.last = now
            else:
                said = answer.body[:300].decode(errors="replace")
                self._tally.error(f"HTTP {answer.status}", said, now - one.intended)
        if 200 <= answer.status < 300:
            self._last, self._failed = now, 0
        if not answer.keep:
            self._drop(one)
        self._done(one, now)

    def _fail(self, one: Connection, kind: str, said: str) -> None:
        now = time.perf_counter()
        self._failed += 1
        if one.intended >= self._from:
            self._tally.error(kind, said, now - one.intended)
        self._drop(one)
        self._done(one, now, rest=REST)

    def _done(self, one: Connection, now: float, *, rest: float = 0) -> None:
        one.busy, one.free = False, now
        goes_on = now < self._end and not self._stopped and self._counted < self._most
        if self._plan.rate:
            if goes_on and self._due <= now and not rest:
                self._begin_next(one)
            else:
                self._idle.append(one)
        elif rest:
            self._resting.append((now + rest, one))
        elif goes_on:
            self._begin(one, now)
        else:
            self._idle.append(one)

    def _count_unsent(self) -> None:
        """Arrivals whose time came before the end, and for which no connection was free until then."""
        while self._plan.rate and self._due < self._end and (self._idle or self._made < self._clients):
            self._begin_next(self._free())
        first = max(self._due, self._from)
        if not self._plan.rate or first >= self._end:
            return
        number = math.ceil((self._end - first) / self._step)
        steps = min(number, _STEPS)
        for step in range(steps):
            times = number // steps + (step < number % steps)
            waited = (self._end - first) * (1 - step / steps)
            self._tally.error(UNSENT, f"{self._plan.clients} connections were busy", waited, times)

    def _flush(self) -> None:
        cpu = time.process_time()
        self._tally.cpu, self._cpu = cpu - self._cpu, cpu
        if self._counting:
            self._told(self._second, self._tally)
            self._second += 1
        self._tally = Tally()
