"""The messages of one request in, its body out; an answer in, its messages out: as much ASGI as is needed."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Disconnected(Exception):
    """The client is gone before its request was whole."""


class TooLarge(Exception):
    """The request's body has more bytes than are taken."""


async def read_body(receive: Receive, *, most: int | None = None) -> bytes:
    """Raises Disconnected, and TooLarge as soon as there are more than `most` bytes."""
    parts, size = [], 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if most is not None and size > most:
            raise TooLarge
        if not event.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    if status == 204 or not 200 <= status <= 599:
        # A node's odd status: no server can send these with a body, or at all.
        status, body = (204, b"") if status == 204 else (502, body)
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
