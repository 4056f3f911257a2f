"""A node, a path and a message in, the node's answer out: the HTTP calls that the traversal asks for.

Failures are told in the words of Go's net/http, which is what clients of the real executor see.
"""

import asyncio
import functools
import gzip
import time
import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from argolane.serving.graph import Node
from argolane.serving.orchestrator.http1 import BadAnswer, Connection, ConnectionLost, Response
from argolane.serving.orchestrator.messages import Failed, Message
from argolane.serving.orchestrator.metrics import Metrics

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# A redirect names the page it came from, and takes no secrets of the client to another host.
_REFERER = frozenset({b"referer"})
_SECRETS = frozenset({b"authorization", b"cookie", b"www-authenticate"})
_IN_A_URL = "%/:=&?~#+!$,;'@()*[]"
# Shorter than gunicorn's keep-alive of 2 s: a connection is never used while its node is closing it.
_IDLE_SECONDS = 1.0
_IDLE_CONNECTIONS = 64
_DIAL_SECONDS = 10.0
# Not sent on: what belongs to the client's own connection, or is set anew for each call.
_OWN_HEADERS = frozenset({
    b"host", b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
    b"upgrade", b"content-length", b"content-type", b"accept-encoding", b"expect",
})  # fmt: skip


def passed_on(headers: list[tuple[bytes, bytes]]) -> bytes:
    """A client's headers as the block that goes to every node, Authorization and Cookie among them."""
    return b"".join(b"%b: %b\r\n" % pair for pair in headers if pair[0] not in _OWN_HEADERS)


class Nodes:
    """The endpoints of a graph, and a pool of kept connections to them."""

    def __init__(self, endpoints: Mapping[str, str], *, timeout: float | None, metrics: Metrics) -> None:
        self._endpoints = {name: url.rstrip("/") for name, url in endpoints.items()}
        self._timeout = timeout
        self._metrics = metrics
        self._idle: dict[tuple[str, int], list[Connection]] = defaultdict(list)

    def has(self, node: Node) -> bool:
        return node.name in self._endpoints

    async def post(self, node: Node, path: str, message: Message, headers: bytes) -> Message:
        """Raises Failed for whatever is not a 200."""
        return await self._call(node, "POST", path, message, headers)

    async def get(self, node: Node, path: str, headers: bytes) -> Message:
        return await self._call(node, "GET", path, None, headers)

    async def ready(self, node: Node, *, full: bool) -> bool:
        """Whether the node's port can be dialled; `full`: whether its health status is a 200."""
        if not self.has(node):
            return True
        if full:
            try:
                await self.get(node, "/api/v1.0/health/status", b"")
            except Failed:
                return False
            return True
        try:
            async with asyncio.timeout(_DIAL_SECONDS):
                connection = await _connect(_target(self._endpoints[node.name]).address)
        except OSError:
            return False
        connection.close()
        return True

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _call(
        self, node: Node, method: str, path: str, message: Message | None, headers: bytes
    ) -> Message:
        base = self._endpoints.get(node.name)
        if base is None:
            kind = node.type or node.implementation or "without a type"
            raise Failed(f"Node '{node.name}' ({kind}) has no endpoint: no container of that name runs.")
        started = time.perf_counter()
        url = base + path
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._follow(method, url, message, headers)
        except TimeoutError:
            why = "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
            raise Failed(f'{method.capitalize()} "{url}": {why}') from None
        self._metrics.called(node.name, path, method, response.status, time.perf_counter() - started)
        answer = Message(_unpacked(response), response.headers.get("content-type", ""))
        if response.status != 200:
            info = f"Internal service call from executor failed calling {url} status code {response.status}"
            raise Failed(info, status=response.status, answer=answer)
        return answer

    async def _follow(self, method: str, url: str, message: Message | None, headers: bytes) -> Response:
        first = method
        for _ in range(_MOST_REDIRECTS):
            response = await self._send(method, url, message, headers)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or not location:
                return response
            # As Go's client does it: a POST turns into a GET, but for 307 and 308.
            if response.status in (301, 302, 303):
                method, message = "GET", None
            elsewhere = urljoin(url, location)
            headers = _without(headers, _REFERER if _host(elsewhere) == _host(url) else _REFERER | _SECRETS)
            headers += f"Referer: {url}\r\n".encode()
            url = elsewhere
        raise Failed(f'{first.capitalize()} "{location}": stopped after {_MOST_REDIRECTS} redirects')

    async def _send(self, method: str, url: str, message: Message | None, headers: bytes) -> Response:
        try:
            target = _target(url)
        except ValueError:
            raise Failed(f'{method.capitalize()} "{url}": unsupported protocol scheme') from None
        request = _request(method, target, message, headers)
        try:
            return await self._exchange(target.address, request, again=not url.endswith("/send-feedback"))
        except OSError as error:
            raise Failed(f'{method.capitalize()} "{url}": {_words(error, target.address)}') from None

    async def _exchange(self, address: tuple[str, int], request: bytes, *, again: bool) -> Response:
        kept = self._kept(address)
        connection = kept or await _connect(address)
        try:
            response = await connection.exchange(request)
        except (ConnectionLost, ConnectionResetError, BrokenPipeError) as error:
            # A kept connection that the node closed just now; a reward must not be given twice, though.
            if kept is None or not again or (isinstance(error, ConnectionLost) and error.began):
                raise
            connection = await _connect(address)
            response = await connection.exchange(request)
        if response.keep and connection.open and len(self._idle[address]) < _IDLE_CONNECTIONS:
            connection.idle_since = time.monotonic()
            self._idle[address].append(connection)
        else:
            connection.close()
        return response

    def _kept(self, address: tuple[str, int]) -> Connection | None:
        idle = self._idle[address]
        latest = time.monotonic() - _IDLE_SECONDS
        while idle:
            connection = idle.pop()
            if connection.open and connection.idle_since > latest:
                return connection
            connection.close()
        return None


async def _connect(address: tuple[str, int]) -> Connection:
    host, port = address
    # Containers of a pod are at `localhost`: its look-up would cost more than the call.
    host = "127.0.0.1" if host == "localhost" else host
    _, connection = await asyncio.get_running_loop().create_connection(Connection, host, port)
    return connection


@dataclass(frozen=True, slots=True)
class _Target:
    """A URL taken apart: where to connect, and the request line and Host header."""

    address: tuple[str, int]
    head: bytes


@functools.lru_cache(maxsize=1024)
def _target(url: str) -> _Target:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(url)
    path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_IN_A_URL)
    head = f" {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n".encode()
    return _Target((parts.hostname, parts.port or 80), head)


def _request(method: str, target: _Target, message: Message | None, headers: bytes) -> bytes:
    if message is None:
        return method.encode() + target.head + headers + b"\r\n"
    own = f"Content-Type: {message.content_type}\r\nContent-Length: {len(message.body)}\r\n"
    return b"".join((
        method.encode(), target.head, own.encode("latin-1"), headers, b"\r\n", message.body,
    ))  # fmt: skip


def _without(headers: bytes, names: frozenset[bytes]) -> bytes:
    lines = headers.split(b"\r\n")[:-1]
    return b"".join(line + b"\r\n" for line in lines if line.partition(b":")[0].lower() not in names)


def _host(url: str) -> str | None:
    return urlsplit(url).hostname


def _unpacked(response: Response) -> bytes:
    if response.headers.get("content-encoding", "").lower() != "gzip" or not response.body:
        return response.body
    try:
        return gzip.decompress(response.body)
    except (OSError, EOFError, zlib.error) as error:
        magic = response.body.startswith(b"\x1f\x8b")
        raise Failed(f"gzip: {error}" if magic else "gzip: invalid header") from None


def _words(error: OSError, address: tuple[str, int]) -> str:
    """An error of the network as Go's net package puts it."""
    host, port = address
    at = f"{host}:{port}"
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {at}: connect: connection refused"
    if isinstance(error, ConnectionLost):
        return str(error)
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return f"read tcp {at}: read: connection reset by peer"
    if isinstance(error, BadAnswer):
        return f"net/http: HTTP/1.x transport connection broken: {error}"
    return f"dial tcp {at}: {error.strerror or error}"
