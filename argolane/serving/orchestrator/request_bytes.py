"""A client's headers, a URL and a message in, the bytes of a request to a node out."""

import functools
import gzip
import zlib
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from argolane.serving.orchestrator.http1 import Address, Response
from argolane.serving.orchestrator.messages import Failed, Message

_IN_A_URL = "%/:=&?~#+!$,;'@()*[]"
# Not sent on: what belongs to the client's own connection, or is set anew for each call.
_OWN_HEADERS = frozenset({
    b"host", b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
    b"upgrade", b"content-length", b"content-type", b"accept-encoding", b"expect",
})  # fmt: skip


def passed_on(headers: list[tuple[bytes, bytes]]) -> bytes:
    """A client's headers as the block that goes to every node, Authorization and Cookie among them."""
    return b"".join(b"%b: %b\r\n" % pair for pair in headers if pair[0] not in _OWN_HEADERS)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart: where to connect, and the request line and Host header."""

    address: Address
    head: bytes


@functools.lru_cache(maxsize=1024)
def target(url: str) -> Target:
    """Raises ValueError for what is not http."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(url)
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_IN_A_URL)
    head = f" {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n".encode()
    return Target((parts.hostname, parts.port or 80), head)


def request_bytes(method: str, to: Target, message: Message | None, headers: bytes) -> bytes:
    if message is None:
        return method.encode() + to.head + headers + b"\r\n"
    own = f"Content-Type: {message.content_type}\r\nContent-Length: {len(message.body)}\r\n"
    return b"".join((
        method.encode(), to.head, own.encode("latin-1"), headers, b"\r\n", message.body,
    ))  # fmt: skip


def without(headers: bytes, names: frozenset[bytes]) -> bytes:
    """The header block less some; names in lower case."""
    lines = headers.split(b"\r\n")[:-1]
    return b"".join(line + b"\r\n" for line in lines if line.partition(b":")[0].lower() not in names)


def unpacked(response: Response) -> bytes:
    """The body, which may be gzip though nobody asked for it. Raises Failed."""
    if response.headers.get("content-encoding", "").lower() != "gzip" or not response.body:
        return response.body
    try:
        return gzip.decompress(response.body)
    except (OSError, EOFError, zlib.error) as error:
        magic = response.body.startswith(b"\x1f\x8b")
        raise Failed(f"gzip: {error}" if magic else "gzip: invalid header") from None
