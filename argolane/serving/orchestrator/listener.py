"""A listening socket and an ASGI app in, answers to its clients out: the one HTTP server of serving.

A deployment's supervisor opens it, and so does a graph server that is a process of its own. It is uvicorn by
its start-up and shutdown alone: signals are the process's own affair, and nothing wakes up while nobody asks.
"""

import socket
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from argolane.serving.orchestrator.asgi import App, Event

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
    """uvicorn looks at each header of an answer, writes its head, then its body; these leave at once."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.send = _Answer(cycle).send  # type: ignore[method-assign, assignment]
        super()._start_asgi_task(cycle, app)


class _Answer:
    """The `send` of one request: an app here sends a head and the whole body, or nothing."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._head: list[bytes] = []

    async def send(self, event: Event) -> None:
        cycle = self._cycle
        if event["type"] == "http.response.start":
            cycle.response_started = True
            self._head = [STATUS_LINE[event["status"]]]
            for name, value in (*cycle.default_headers, *event["headers"]):
                if name == b"connection" and value == b"close":
                    cycle.keep_alive = False  # which is said at the end of the head
                else:
                    self._head += (name, b": ", value, b"\r\n")
            return
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.transport.is_closing():  # a client that has gone: only its last request is told by uvicorn
            cycle.disconnected = True
        if cycle.disconnected:
            return
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        body = b"" if cycle.scope["method"] == "HEAD" else event["body"]
        cycle.transport.write(b"".join((*self._head, end, body)))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
