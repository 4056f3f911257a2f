"""A plan and a gRPC address in, what came of the calls out: `worker`, with calls in place of requests.

Which call is due when, and what counts, is the worker's to say. Imported in a process of the client only: a
process that has used gRPC cannot fork.
"""

import asyncio
import contextlib
import json
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

import grpc

from argolane.serving.load.address import Address
from argolane.serving.load.connection import REFUSED
from argolane.serving.load.worker import Worker
from argolane.serving.protos import PACKAGE, message

PREDICT = f"/{PACKAGE}.Seldon/Predict"
_OPTIONS = (
    # Each client has a connection of its own, which is there again soon after its server is.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)


class RpcWorker(Worker):
    """See Worker."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        # select knows microseconds, and there are two files to wait for, however many connections.
        self._loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
        self._woken = asyncio.Event()
        self._ended: list[tuple[_Client, int]] = []

    def run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.add_reader(self._control, self._stop)
        super().run()

    def _spare_memory(self) -> None:
        """What gRPC makes has circles."""

    def _stop(self) -> None:
        self._stopped = True
        self._loop.remove_reader(self._control)
        self._woken.set()

    def _connection(self) -> Any:
        return _Client(self._made, self._address, self._loop, self._end_of)

    def _end_of(self, one: "_Client") -> None:
        self._ended.append((one, one.turn))
        self._woken.set()

    def _wait(self, until: float) -> None:
        self._waited = False
        self._loop.run_until_complete(self._until(until))
        ended, self._ended = self._ended, []
        for one, turn in ended:
            if one.busy and one.turn == turn and not self._stopped:
                self._told_of(one)

    async def _until(self, until: float) -> None:
        if self._ended or self._stopped:  # before this began
            return
        self._woken.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - time.perf_counter())):
                await self._woken.wait()

    def _told_of(self, one: Any) -> None:
        now, error = one.free, one.error
        if error is not None and error.code() is grpc.StatusCode.UNAVAILABLE:
            details = error.details() or ""
            refused = "connection refused" in details.lower()
            self._fail(one, REFUSED if refused else "gRPC UNAVAILABLE", "" if refused else details)
            return
        if one.intended >= self._from:
            if error is None:
                self._tally.answer(now - one.intended, self._ways.of(_ways(one.body)))
                self._tally.last = now
            else:
                self._tally.error(f"gRPC {error.code().name}", error.details() or "", now - one.intended)
        if error is None:
            self._last, self._failed = now, 0
        self._done(one, now)


class _Client:
    """A connection, with one call at a time: to the worker, what `Connection` is."""

    def __init__(self, number: int, address: Address, loop: asyncio.AbstractEventLoop,
                 ended: Callable[["_Client"], None]) -> None:  # fmt: skip
        self._number, self._loop, self._ended = number, loop, ended
        host, port = address.where
        where = f"ipv6:[{host}]:{port}" if address.family == socket.AF_INET6 else f"ipv4:{host}:{port}"
        self._channel = grpc.aio.insecure_channel(where, _OPTIONS)
        self._ask: Any = self._channel.unary_unary(PREDICT)
        self._task: asyncio.Task[None] | None = None
        self.fd, self.turn, self.tried, self.busy = -1, 0, 0, False
        self.request = self.body = b""
        self.error: grpc.aio.AioRpcError | None = None
        self.intended = self.sent = self.free = 0.0

    def begin(self, request: bytes) -> None:
        self.fd, self.busy, self.request, self.turn = self._number, True, request, self.turn + 1
        self._task = self._loop.create_task(self._call(request))

    async def _call(self, request: bytes) -> None:
        self.error = None
        try:
            self.body = await self._ask(request)
        except grpc.aio.AioRpcError as error:
            self.error = error
        self.free = time.perf_counter()
        self._ended(self)

    def close(self) -> None:
        """Let go of the call; the connection is gRPC's to keep."""
        if self._task is not None:
            self._task.cancel()
        self.fd = -1


def _ways(answer: bytes) -> bytes:
    """What an answer says of its way, as JSON has it."""
    meta = message("SeldonMessage").FromString(answer).meta
    return json.dumps({"routing": dict(meta.routing), "requestPath": dict(meta.requestPath)}).encode()
