"""A client's request in, its answer out, as ASGI: headers, ids and errors in the executor's ways."""

import json
import time
import uuid
from functools import partial
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from argolane.serving.graph import Predictor
from argolane.serving.orchestrator import metadata, paths
from argolane.serving.orchestrator.messages import JSON, Failed, Message, escape, sniff
from argolane.serving.orchestrator.metrics import CONTENT_TYPE, Metrics
from argolane.serving.orchestrator.nodes import Nodes
from argolane.serving.orchestrator.paths import Asked, Route
from argolane.serving.orchestrator.request_bytes import passed_on
from argolane.serving.orchestrator.traversal import Prediction, feedback

Headers = list[tuple[bytes, bytes]]

_PUID = b"seldon-puid"
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_CORS = (
    (
        b"access-control-allow-headers",
        b"Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token",
    ),
    (b"access-control-allow-origin", b"*"),
)
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_NO_PAGE = b"404 page not found\n"


class GraphServer:
    """Requests of clients in, answers out; one for a predictor."""

    def __init__(
        self,
        predictor: Predictor,
        nodes: Nodes,
        metrics: Metrics,
        names: tuple[bytes, bytes],
        metrics_path: str,
        full_health_checks: bool,
    ) -> None:
        self._predictor = predictor
        self._nodes = nodes
        self._metrics = metrics
        self._source = b"seldon." + names[0]
        self._event = b"seldon." + b".".join(names) + b".response"
        self._metrics_path = metrics_path
        self._full_health_checks = full_health_checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        route = paths.find(scope["path"], method, metrics=self._metrics_path)
        if route.asked is Asked.NOT_FOUND:
            await _send(send, 404, [_TEXT, _NOSNIFF], _NO_PAGE)
        elif route.asked is Asked.NOT_ALLOWED:
            await _send(send, 405, [], b"")
        elif route.asked is Asked.MOVED:
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            await _send(send, 301, [(b"location", quote(route.name).encode() + query)], b"")
        else:
            request, headers = self._headers(scope, route)
            if method == "OPTIONS":
                await _send(send, 200, headers, b"")
                return
            started = time.perf_counter()
            status, body, content_type = await self._outcome(route, request, receive)
            if content_type is not None:
                headers.append((b"content-type", content_type.encode("latin-1")))
            if route.service:
                self._metrics.answered(route.service, method, status, time.perf_counter() - started)
            await _send(send, status, headers, body)

    def _headers(self, scope: Scope, route: Route) -> tuple[Headers, Headers]:
        """The request's headers, with an id if it has none; and those that every answer to it has."""
        puid, event = b"", False
        request: Headers = []
        for name, value in scope["headers"]:
            if name == _PUID:
                puid = puid or value
            else:
                request.append((name, value))
                event = event or name == b"ce-specversion"
        puid = puid or str(uuid.uuid4()).encode()
        request.append((_PUID, puid))
        headers: Headers = [(_PUID, puid), _NOSNIFF, *_CORS]
        if route.methods:
            headers.append((b"access-control-allow-methods", ",".join(route.methods).encode()))
        if event:
            headers += [
                (b"ce-id", puid),
                (b"ce-specversion", b"0.3"),
                (b"ce-path", quote(scope["path"]).encode()),
                (b"ce-type", self._event),
                (b"ce-source", self._source),
            ]
        return request, headers

    async def _outcome(
        self, route: Route, request: Headers, receive: Receive
    ) -> tuple[int, bytes, str | None]:
        """Status, body, content type: None for an answer that has no body."""
        try:
            match route.asked:
                case Asked.PREDICTIONS | Asked.FEEDBACK:
                    answer = await self._ask_graph(route.asked, request, receive)
                case Asked.STATUS | Asked.METADATA | Asked.GRAPH:
                    answer = await self._ask_nodes(route, request)
                case Asked.READY:
                    return 200 if await self._ready() else 503, b"", None
                case Asked.METRICS:
                    return 200, self._metrics.render(), CONTENT_TYPE
                case Asked.DOCUMENTATION:
                    return 404, _NO_PAGE, "text/plain; charset=utf-8"
                case _:
                    return 200, b"", None
        except Failed as failed:
            body = escape(failed.message.body)
            return failed.status, body, sniff(body) or None
        return 200, escape(answer.body), answer.content_type

    async def _ask_graph(self, asked: Asked, request: Headers, receive: Receive) -> Message:
        content_type = next((value for name, value in request if name == b"content-type"), b"")
        message = Message(await _body(receive), content_type.decode("latin-1"))
        call = partial(self._nodes.post, headers=passed_on(request))
        root = self._predictor.graph
        if asked is Asked.FEEDBACK:
            return await feedback(root, message, call)
        return await Prediction(call, self._predictor.injection).run(root, message)

    async def _ask_nodes(self, route: Route, request: Headers) -> Message:
        headers = passed_on(request)
        if route.asked is Asked.GRAPH:
            described = await metadata.describe(
                self._predictor, lambda node: self._nodes.get(node, "/metadata", headers)
            )
            return Message(json.dumps(described, separators=(",", ":")).encode(), JSON)
        node = self._predictor.graph.find(route.name)
        if node is None:
            raise Failed(f"Failed to find model {route.name}")
        path = "/health/status" if route.asked is Asked.STATUS else "/metadata"
        return await self._nodes.get(node, path, headers)

    async def _ready(self) -> bool:
        """Every node that has an endpoint is reached."""
        for node in self._predictor.graph.walk():
            if not await self._nodes.ready(node, full=self._full_health_checks):
                return False
        return True


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Failed("unexpected EOF")
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    if status == 204 or not 200 <= status <= 599:
        # A node's odd status: no server can send these with a body, or at all.
        status, body = (204, b"") if status == 204 else (502, body)
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
