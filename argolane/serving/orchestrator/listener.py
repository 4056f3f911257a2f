"""A listening socket and an ASGI app in, answers to its clients out: the one HTTP server of serving.

A deployment's supervisor opens it, and so does a graph server that is a process of its own. It is uvicorn by
its start-up and shutdown alone: signals are the process's own affair, and nothing wakes up while nobody asks.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from argolane.serving.orchestrator.asgi import App

# Longer than clients keep a connection that they do not use: it is they who close it.
_IDLE_SECONDS = 65


class Listener:
    """Serves from `open()` on, until `close()`."""

    def __init__(self, app: App, listening: socket.socket, *, patience: float | None = None) -> None:
        """`patience`: seconds that requests in flight may take once it closes; None is for ever."""
        self._sockets = [listening]
        self._config = uvicorn.Config(
            cast(Any, app), http=_OneWrite, ws="none", lifespan="off", log_config=None, access_log=False,
            proxy_headers=False, timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=cast(int, patience),
        )  # fmt: skip
        self._server = uvicorn.Server(self._config)

    async def open(self) -> None:
        self._config.load()
        self._server.lifespan = self._config.lifespan_class(self._config)
        await self._server.startup(sockets=self._sockets)

    async def close(self) -> None:
        """Take no new connections, let the requests in flight come to their end."""
        await self._server.shutdown(sockets=self._sockets)


class _OneWrite(HttpToolsProtocol):
    """uvicorn writes an answer's head, then its body; these leave together."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._held = _Held(transport, self._answering)
        super().connection_made(cast(asyncio.Transport, self._held))

    def on_response_complete(self) -> None:
        self._held.flush()
        super().on_response_complete()

    def _answering(self) -> bool:
        """Whether there is more to come: an app here sends a head and the whole body, or nothing."""
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete


class _Held:
    """A transport that keeps back what is written to it while `more` is to come."""

    def __init__(self, transport: asyncio.Transport, more: Callable[[], bool]) -> None:
        self._transport = transport
        self._more = more
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        self._parts.append(data)
        if not self._more():
            self.flush()

    def flush(self) -> None:
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
