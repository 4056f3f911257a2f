"""Bytes of an HTTP/1.1 connection in, responses out: one connection to a node.

A node call is one small POST on the same machine, thousands of times a second: httpx takes longer for its
part of one than a small model for its answer. This speaks just what such a call needs.
"""

import asyncio
import re
from dataclasses import dataclass

_LONGEST_HEAD = 65536
# What would end a header early when it is sent on.
_HEAD_BREAKERS = re.compile(r"\r(?!\n)|(?<!\r)\n|\0")
_HEX = re.compile(rb"[0-9a-fA-F]{1,15}")
_NO_BODY = frozenset({204, 304})


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
        self._data = bytearray()
        self._head: tuple[int, dict[str, str], bool] | None = None
        self._chunks: bytearray | None = None
        self._length = -1

    @property
    def began(self) -> bool:
        return self._head is not None or bool(self._data)

    def feed(self, data: bytes) -> Response | None:
        self._data += data
        while self._head is None:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                if len(self._data) > _LONGEST_HEAD or not b"HTTP/1.".startswith(self._data[:7]):
                    raise BadAnswer(f"malformed HTTP response {bytes(self._data[:40])!r}")
                return None
            self._read_head(bytes(self._data[:end]).decode("latin-1"))
            del self._data[: end + 4]
        if self._chunks is not None:
            return self._done(bytes(self._chunks)) if self._read_chunks() else None
        if 0 <= self._length <= len(self._data):
            return self._done(bytes(self._data[: self._length]), over=len(self._data) > self._length)
        return None

    def feed_eof(self) -> Response:
        """The end of the connection, which is the end of a body that gave no length."""
        if self._head is None or self._chunks is not None or self._length >= 0:
            raise ConnectionLost(self.began)
        return self._done(bytes(self._data), over=True)

    def _read_head(self, head: str) -> None:
        if _HEAD_BREAKERS.search(head):
            raise BadAnswer("malformed HTTP header: a line end or a NUL inside a line")
        first, *lines = head.split("\r\n")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
            raise BadAnswer(f"malformed HTTP response {first[:80]!r}")
        status = int(rest[:3])
        if 100 <= status < 200:
            return
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        connection = headers.get("connection", "").lower()
        keep = connection != "close" if version == "HTTP/1.1" else connection == "keep-alive"
        self._head = status, headers, keep
        if headers.get("transfer-encoding", "").lower() == "chunked":
            self._chunks = bytearray()
        elif status in _NO_BODY:
            self._length = 0
        elif "content-length" in headers:
            if not headers["content-length"].isdecimal():
                raise BadAnswer(f"bad Content-Length {headers['content-length']!r}")
            self._length = int(headers["content-length"])

    def _read_chunks(self) -> bool:
        assert self._chunks is not None  # noqa: S101  (for the type checker)
        while (end := self._data.find(b"\r\n")) >= 0:
            head = bytes(self._data[:end]).split(b";")[0].strip()
            if not _HEX.fullmatch(head):
                raise BadAnswer("malformed chunked encoding")
            size = int(head, 16)
            if size == 0:
                # Trailers, if any, end with an empty line.
                return self._data.find(b"\r\n\r\n", end) >= 0
            if len(self._data) < end + 2 + size + 2:
                return False
            self._chunks += self._data[end + 2 : end + 2 + size]
            del self._data[: end + 2 + size + 2]
        return False

    def _done(self, body: bytes, *, over: bool = False) -> Response:
        assert self._head is not None  # noqa: S101
        status, headers, keep = self._head
        return Response(status, headers, body, keep and not over)


class Connection(asyncio.Protocol):
    """One connection: one `exchange` after the other."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._reader: ResponseReader | None = None
        self._answer: asyncio.Future[Response] | None = None

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes) -> Response:
        """Raises ConnectionError. A call that is cancelled closes the connection."""
        assert self._transport is not None  # noqa: S101
        self._reader = ResponseReader()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        except BaseException:
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._reader is None or self._answer.done():
            self.close()
            return
        try:
            response = self._reader.feed(data)
        except BadAnswer as error:
            self._answer.set_exception(error)
            return
        if response is not None:
            self._answer.set_result(response)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is None or self._reader is None or self._answer.done():
            return
        if error is not None:
            self._answer.set_exception(error)
            return
        try:
            self._answer.set_result(self._reader.feed_eof())
        except ConnectionLost as lost:
            self._answer.set_exception(lost)
