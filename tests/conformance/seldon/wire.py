"""HTTP/1.1 by hand, both ends: nodes that give recorded answers and note their calls, a client that sees all.

No library in between: an empty header, a connection closed without an answer, the exact bytes of a body are
what the recordings are about.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Headers = dict[str, str]


@dataclass(frozen=True)
class Call:
    node: str
    method: str
    path: str
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Reply:
    """None as status: the connection is closed without an answer."""

    status: int | None
    headers: Headers = field(default_factory=dict)
    body: bytes = b""


Answer = Callable[[Call], Awaitable[Reply]]


class Node:
    """A node that listens; `close` ends its connections, too, as the end of its process would."""

    def __init__(self, name: str, answer: Answer) -> None:
        self.name = name
        self.port = 0
        self._answer = answer
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=2**24)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                first, headers, body = await _read(reader)
                method, path, _ = first.split(" ")
                reply = await self._answer(Call(self.name, method, path, headers, body))
                if reply.status is None:
                    break
                writer.write(_message(f"HTTP/1.1 {reply.status} X", reply.headers, reply.body))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


async def ask(port: int, method: str, path: str, headers: Headers, body: bytes | None) -> Reply:
    """One request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    try:
        writer.write(_message(f"{method} {path} HTTP/1.1", {"Host": "x", **headers}, body))
        try:
            first, found, received = await _read(reader, no_body=method == "HEAD")
        except (asyncio.IncompleteReadError, ConnectionError):
            return Reply(None)
        return Reply(int(first.split(" ")[1]), found, received)
    finally:
        writer.close()


def canonical(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


async def _read(reader: asyncio.StreamReader, *, no_body: bool = False) -> tuple[str, Headers, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")[:-2]
    headers = {canonical(n): v.strip() for n, _, v in (line.partition(":") for line in lines)}
    length = 0 if no_body else int(headers.get("Content-Length", 0))
    return first, headers, await reader.readexactly(length)


def _message(first: str, headers: Headers, body: bytes | None) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
