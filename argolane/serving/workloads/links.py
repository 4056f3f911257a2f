"""A connection in, the same to one of many pods out: bytes both ways, and whether a request is under way."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

# A connection on which nothing has moved for so long, the last of it an answer, has no request under way.
_QUIET = 0.25

Address = tuple[str, int]


class Link:
    """One connection of a client and the one to its pod."""

    def __init__(self, pod: str) -> None:
        self.pod = pod
        self._asked = False
        self._moved = time.monotonic()

    @property
    def busy(self) -> bool:
        return self._asked or time.monotonic() - self._moved < _QUIET

    def moved(self, *, asked: bool) -> None:
        self._asked, self._moved = asked, time.monotonic()


class _End(asyncio.Protocol):
    """One of the two ends; what comes in goes out at the other."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self.link: Link | None = None
        self.client = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (for mypy)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.link:
            self.link.moved(asked=self.client)
        if self.other and self.other.transport:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        # The other way may have more to say.
        if self.other and self.other.transport and not self.other.transport.is_closing():
            self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        other, self.other = self.other, None
        if other and other.transport:
            if error:
                other.transport.abort()
            else:
                other.transport.close()


class Client(_End):
    """A connection that came in: it waits until `connect` has found a pod for it, else it is reset."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[tuple[str, socket.socket] | None]],
        links: set[Link],
    ) -> None:
        super().__init__()
        self.client = True
        self._connect, self._links = connect, links
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.transport:
            self.transport.pause_reading()
        self._task = asyncio.ensure_future(self._open())

    def connection_lost(self, error: Exception | None) -> None:
        if self._task:
            self._task.cancel()
        if self.link:
            self._links.discard(self.link)
        super().connection_lost(error)

    async def _open(self) -> None:
        found = await self._connect()
        if self.transport is None or self.transport.is_closing():
            if found:
                found[1].close()
            return
        if found is None:
            reset(self.transport)
            return
        self.link = Link(found[0])
        self._links.add(self.link)
        other = _End()
        other.link, other.other, self.other = self.link, self, other
        await asyncio.get_running_loop().create_connection(lambda: other, sock=found[1])
        self.transport.resume_reading()


def reset(transport: asyncio.Transport) -> None:
    """End it as if nobody had listened."""
    given: Any = transport.get_extra_info("socket")
    given.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    transport.abort()
