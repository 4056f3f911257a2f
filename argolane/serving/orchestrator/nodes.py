"""A node, a path and a message in, the node's answer out: the HTTP calls that the traversal asks for.

Failures are told in the words of Go's net/http, which is what clients of the real executor see.
"""

import asyncio
import time
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.http1 import Address, BadAnswer, ConnectionLost, Response
from argolane.serving.orchestrator.messages import Failed, Message
from argolane.serving.orchestrator.metrics import Metrics
from argolane.serving.orchestrator.pool import Pool
from argolane.serving.orchestrator.request_bytes import request_bytes, target, unpacked, without

_MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# A redirect names the page it came from, and takes no secrets of the client to another host.
_REFERER = frozenset({b"referer"})
_SECRETS = frozenset({b"authorization", b"cookie", b"www-authenticate"})


class Nodes:
    """The endpoints of a graph."""

    def __init__(
        self,
        endpoints: Mapping[str, str],
        *,
        timeout: float | None,
        metrics: Metrics,
        dialled: Mapping[str, str] | None = None,
    ) -> None:
        """`dialled`: node name -> `host:port`, where that tells whether it is there, and not its endpoint."""
        self._endpoints = {name: url.rstrip("/") for name, url in endpoints.items()}
        self._timeout = timeout
        self._metrics = metrics
        self._pool = Pool()
        self._dialled = dialled or {}

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
            other = self._dialled.get(node.name)
            url = f"http://{other}" if other else self._endpoints[node.name]
            await self._pool.dial(target(url).address)
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._pool.close()

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
        answer = Message(unpacked(response), response.headers.get("content-type", ""))
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
            headers = without(headers, _REFERER if _host(elsewhere) == _host(url) else _REFERER | _SECRETS)
            headers += f"Referer: {url}\r\n".encode()
            url = elsewhere
        raise Failed(f'{first.capitalize()} "{location}": stopped after {_MOST_REDIRECTS} redirects')

    async def _send(self, method: str, url: str, message: Message | None, headers: bytes) -> Response:
        try:
            to = target(url)
        except ValueError:
            raise Failed(f'{method.capitalize()} "{url}": unsupported protocol scheme') from None
        request = request_bytes(method, to, message, headers)
        try:
            return await self._pool.exchange(to.address, request, again=not url.endswith("/send-feedback"))
        except OSError as error:
            raise Failed(f'{method.capitalize()} "{url}": {_words(error, to.address)}') from None


def _host(url: str) -> str | None:
    return urlsplit(url).hostname


def _words(error: OSError, address: Address) -> str:
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
