"""A client's request in, its answer out, as ASGI: headers, ids and errors in the executor's ways.

The graph server itself. `listener` brings it the requests, `paths` says what they ask for, `traversal` walks
the graph for them, and `nodes` calls the units.
"""

import json
import time
import uuid
from collections.abc import Mapping
from functools import partial
from urllib.parse import quote

from argolane.serving.graph import Graph
from argolane.serving.orchestrator import metadata, paths
from argolane.serving.orchestrator.asgi import (
    Disconnected,
    Headers,
    Receive,
    Scope,
    Send,
    TooLarge,
    answer,
    read_body,
)
from argolane.serving.orchestrator.json_text import DEEPEST, too_deep
from argolane.serving.orchestrator.messages import JSON, Failed, Message, Refused, escape, sniff
from argolane.serving.orchestrator.metrics import CONTENT_TYPE, Metrics
from argolane.serving.orchestrator.nodes import Nodes
from argolane.serving.orchestrator.paths import Asked, Route
from argolane.serving.orchestrator.request_bytes import passed_on
from argolane.serving.orchestrator.rest_wire import RestWire
from argolane.serving.orchestrator.routing import feedback_routing
from argolane.serving.orchestrator.traversal import Prediction, feedback

_PUID = b"seldon-puid"
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_CORS = (
    (
        b"access-control-allow-headers",
        b"Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token",
    ),
    (b"access-control-allow-origin", b"*"),
)
LARGEST_REQUEST = 100 * 10**6
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_WIRE = RestWire()
_NO_PAGE = b"404 page not found\n"


class GraphServer:
    """Requests of clients in, answers out; one for a graph. `close()` it."""

    def __init__(
        self,
        graph: Graph,
        endpoints: Mapping[str, str],
        *,
        namespace: str,
        deployment: str,
        images: Mapping[str, str],
        metrics_path: str = "/prometheus",
        full_health_checks: bool = False,
        largest_request: int = LARGEST_REQUEST,
        dialled: Mapping[str, str] | None = None,
    ) -> None:
        """`endpoints`: node name -> `http://host:port`; a node without one fails when called.

        `dialled`: `host:port` of nodes of which another port than that tells whether they are ready.

        `largest_request`: bytes of a body; more are answered 413.
        """
        self._largest = largest_request
        self._graph = graph
        self.measured = Metrics(graph, deployment=deployment, images=images)
        self._nodes = Nodes(endpoints, timeout=graph.timeout, metrics=self.measured, dialled=dialled)
        self._source = f"seldon.{deployment}".encode()
        self._event = f"seldon.{deployment}.{namespace}.response".encode()
        self._metrics_path = metrics_path
        self._full_health_checks = full_health_checks

    def close(self) -> None:
        """Let go of the connections to the nodes."""
        self._nodes.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        route = paths.find(scope["path"], method, metrics=self._metrics_path)
        if route.asked is Asked.NOT_FOUND:
            await answer(send, 404, [_TEXT, _NOSNIFF], _NO_PAGE)
        elif route.asked is Asked.NOT_ALLOWED:
            await answer(send, 405, [], b"")
        elif route.asked is Asked.MOVED:
            query = b"?" + scope["query_string"] if scope["query_string"] else b""
            await answer(send, 301, [(b"location", quote(route.name).encode() + query)], b"")
        else:
            request, headers = self._headers(scope, route)
            if method == "OPTIONS":
                await answer(send, 200, headers, b"")
                return
            started = time.perf_counter()
            status, body, content_type = await self._outcome(route, request, receive)
            if content_type is not None:
                headers.append((b"content-type", content_type.encode("latin-1")))
            if route.service:
                self.measured.answered(route.service, method, status, time.perf_counter() - started)
            await answer(send, status, headers, body)

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
                    found = await self._ask_graph(route.asked, request, receive)
                case Asked.STATUS | Asked.METADATA | Asked.GRAPH:
                    found = await self._ask_nodes(route, request)
                case Asked.READY:
                    return 200 if await self._ready() else 503, b"", None
                case Asked.METRICS:
                    return 200, self.measured.render(), CONTENT_TYPE
                case Asked.DOCUMENTATION:
                    return 404, _NO_PAGE, "text/plain; charset=utf-8"
                case _:
                    return 200, b"", None
        except Failed as failed:
            body = escape(failed.message.body)
            return failed.status, body, sniff(body) or None
        return 200, escape(found.body), found.content_type

    async def _ask_graph(self, asked: Asked, request: Headers, receive: Receive) -> Message:
        content_type = next((value for name, value in request if name == b"content-type"), b"")
        message = Message(await self._body(request, receive), content_type.decode("latin-1"))
        call = partial(self._nodes.post, headers=passed_on(request))
        root = self._graph.root
        if asked is Asked.FEEDBACK:
            return await feedback(root, message, call, feedback_routing(message.body))
        return await Prediction(call, _WIRE, self._graph.injection).run(root, message)

    async def _body(self, request: Headers, receive: Receive) -> bytes:
        """Raises Failed, and Refused for one that is larger or deeper than is taken."""
        said = next((value for name, value in request if name == b"content-length"), b"0")
        try:
            if said.isdigit() and int(said) > self._largest:
                raise TooLarge
            body = await read_body(receive, most=self._largest)
        except Disconnected:
            raise Failed("unexpected EOF") from None
        except TooLarge:
            raise Refused(
                f"The request's body is larger than {self._largest} bytes, the most that is taken. Send "
                "less at once, or raise serving.largest_request in argolane.toml (--largest_request).",
                status=413,
            ) from None
        if too_deep(body):
            raise Refused(
                f"The request's JSON is nested deeper than {DEEPEST} levels, the most that is taken."
            )
        return body

    async def _ask_nodes(self, route: Route, request: Headers) -> Message:
        headers = passed_on(request)
        if route.asked is Asked.GRAPH:
            described = await metadata.describe(
                self._graph, lambda node: self._nodes.get(node, "/metadata", headers)
            )
            return Message(json.dumps(described, separators=(",", ":")).encode(), JSON)
        node = self._graph.root.find(route.name)
        if node is None:
            raise Failed(f"Failed to find model {route.name}")
        path = "/health/status" if route.asked is Asked.STATUS else "/metadata"
        return await self._nodes.get(node, path, headers)

    async def _ready(self) -> bool:
        """Every node that has an endpoint is reached."""
        for node in self._graph.root.walk():
            if not await self._nodes.ready(node, full=self._full_health_checks):
                return False
        return True
