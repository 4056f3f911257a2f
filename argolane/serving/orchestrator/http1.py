"""A request's bytes in, the response out: one HTTP/1.1 connection to a node.

A node call is one small POST on the same machine, thousands of times a second: httpx takes longer for its
part of one than a small model for its answer. httptools reads the response; this is the connection around it.
"""

import asyncio
import contextlib
import socket
from dataclasses import dataclass, replace
from typing import cast

import httptools

Address = tuple[str, int]

_LONGEST_HEAD = 65536


class ConnectionLost(ConnectionError):
    """The node closed the connection; `began` if a part of the answer had come."""

    def __init__(self, began: bool) -> None:
        super().__init__("unexpected EOF" if began else "EOF")
        self.began = began


class BadAnswer(ConnectionError):
    """What the node sent is not HTTP."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes
    keep: bool
    """Whether the connection can be used again."""


class ResponseReader:
    """Feed it what comes; it returns the response once that is whole."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._fed = 0
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._response: Response | None = None

    def feed(self, data: bytes) -> Response | None:
        """Raises BadAnswer."""
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self._response is None:
                raise BadAnswer(f"malformed HTTP response {data[:40]!r}: {error}") from None
            self.on_message_begin()
        if not self._status and self._fed > _LONGEST_HEAD:
            raise BadAnswer(f"malformed HTTP response: no end of its head in {self._fed} bytes")
        return self._response

    def feed_eof(self) -> Response:
        """The end of the connection, which is the end of a body that gave no length."""
        framed = "content-length" in self._headers or "transfer-encoding" in self._headers
        if not self._status or framed:
            raise ConnectionLost(self._fed > 0)
        return Response(self._status, self._headers, b"".join(self._body), keep=False)

    def on_message_begin(self) -> None:
        if self._response is not None:
            # More than was asked for: the answer is whole, the connection is of no more use.
            self._response = replace(self._response, keep=False)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._status:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            # More is to come; a trailer, which is no header, comes later.
            self._headers.clear()
        else:
            self._status = status

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        if self._status and self._response is None:
            keep = self._parser.should_keep_alive()
            self._response = Response(self._status, self._headers, b"".join(self._body), keep)


class Connection(asyncio.Protocol):
    """One connection: one `exchange` after the other.

    It listens all the time: to wait anew for each answer would cost as much as to read it.
    """

    def __init__(self, connected: socket.socket) -> None:
        self.idle_since = 0.0
        self._socket = connected
        self._transport: asyncio.Transport
        self._reader = ResponseReader()
        self._answer: asyncio.Future[Response] | None = None

    @classmethod
    async def dial(cls, address: Address) -> "Connection":
        """Raises OSError."""
        host, port = address
        # Containers of a pod are at `localhost`: its look-up would cost more than the call.
        if host in ("localhost", "127.0.0.1"):
            return await cls._made(socket.AF_INET, ("127.0.0.1", port))
        *others, last = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for place in others:
            with contextlib.suppress(OSError):
                return await cls._made(place[0], place[4])
        return await cls._made(last[0], last[4])

    @classmethod
    async def _made(cls, family: int, place: tuple[object, ...]) -> "Connection":
        connected = await _connected(family, place)
        _, made = await asyncio.get_running_loop().create_connection(lambda: cls(connected), sock=connected)
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def usable(self) -> bool:
        """Whether the node has neither closed it nor said anything unasked."""
        if self._transport.is_closing():
            return False
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    async def exchange(self, request: bytes) -> Response:
        """Raises ConnectionError. A call that fails or is cancelled closes the connection."""
        self._reader, self._answer = ResponseReader(), asyncio.get_running_loop().create_future()
        try:
            self._transport.write(request)
            response = await self._answer
        except BaseException:
            self._transport.abort()
            raise
        # A node may answer, too, before it has read all.
        unread = response.keep and self._transport.get_write_buffer_size() > 0
        return replace(response, keep=False) if unread else response

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self._transport.close()  # nobody asked
            return
        try:
            response = self._reader.feed(data)
        except BadAnswer as error:
            self._answer.set_exception(error)
        else:
            if response:
                self._answer.set_result(response)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is None or self._answer.done():
            return
        try:
            if error is not None:
                raise error
            self._answer.set_result(self._reader.feed_eof())
        except Exception as lost:
            self._answer.set_exception(lost)

    def close(self) -> None:
        """At once: what the node has not read of a request that it has answered is of no more use."""
        self._transport.abort()


async def _connected(family: int, place: tuple[object, ...]) -> socket.socket:
    new = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        new.setblocking(False)
        new.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(new, place)
    except BaseException:
        new.close()
        raise
    return new
