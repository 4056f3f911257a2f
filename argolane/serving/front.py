"""Requests on the deployment's one port in, the answers of its present version out.

The port stays while versions come and go: a request is answered to its end by the version that it came to,
and a version is let go of only when it has none left.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class Backend:
    """One graph server (an ASGI app with a lifespan) in front of one set of pods."""

    def __init__(self, app: Any, *, ready: Callable[[], bool]) -> None:
        self.app = app
        self.ready = ready
        self.in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._retired = asyncio.Event()
        self._lifespan: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """The app's start-up; what it raises comes through."""
        opened = asyncio.get_running_loop().create_future()

        # One task for both ends of the lifespan: a cancel scope must be left by the task that entered it.
        async def live() -> None:
            async with self.app.router.lifespan_context(self.app):
                opened.set_result(None)
                await self._retired.wait()

        self._lifespan = asyncio.create_task(live())
        await asyncio.wait({self._lifespan, opened}, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            opened.cancel()
            await self._lifespan

    async def close(self, *, patience: float) -> None:
        """Wait for the requests in flight, at most `patience` seconds, then shut the app down."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()
        self._retired.set()
        if self._lifespan is not None:
            await self._lifespan

    async def answer(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.in_flight += 1
        self._idle.clear()
        try:
            await self.app(scope, receive, send)
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._idle.set()


class Front:
    """The ASGI app on the deployment's port."""

    def __init__(self, deployment: str) -> None:
        self.deployment = deployment
        self.backends: Sequence[Backend] = ()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if not self.backends:
            await self._not_yet(scope, send)
            return
        # Replicas share the load; one that is being started again is passed over while another is ready.
        ready = [backend for backend in self.backends if backend.ready()] or self.backends
        await min(ready, key=lambda backend: backend.in_flight).answer(scope, receive, send)

    async def _not_yet(self, scope: MutableMapping[str, Any], send: Send) -> None:
        live = scope["path"] == "/live"
        info = (
            f"Deployment '{self.deployment}' has no version that is ready yet; see: argolane get deployments"
        )
        failure = {"code": 503, "info": info, "reason": "NOT_READY", "status": "FAILURE"}
        body = json.dumps({} if live else {"status": failure}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200 if live else 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Server(uvicorn.Server):
    """uvicorn on a socket of ours: no signal handling, and asleep while nobody asks."""

    def __init__(self, front: Front, listening: socket.socket) -> None:
        config = uvicorn.Config(
            front, lifespan="off", access_log=False, log_config=None, timeout_graceful_shutdown=10
        )
        super().__init__(config)
        self._listening = listening
        self._ended = asyncio.Event()

    async def serve_until_stopped(self) -> None:
        await self.serve(sockets=[self._listening])

    def stop(self) -> None:
        """Close the port, let requests in flight finish."""
        self._ended.set()

    async def main_loop(self) -> None:
        # The original wakes ten times a second to look at a flag.
        await self._ended.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
