"""A request on a cluster's ingress path in, the answer of the deployment that it names out.

`/seldon/<namespace>/<name>/...` is what Seldon's mappings for Ambassador and Istio give, `/seldon/<name>/...`
the form of before there were namespaces. The rest of the path, the method and the body go on as they are.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from argolane.errors import ArgolaneError, unknown
from argolane.project import Project
from argolane.serving.deployments import Deployments
from argolane.serving.orchestrator.asgi import Receive, Scope, Send, answer

PREFIX = "/seldon/"
# Of one connection alone (RFC 9110, 7.6.1).
_OF_THE_HOP = frozenset(
    (
        b"connection", b"host", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te",
        b"trailer", b"transfer-encoding", b"upgrade",
    )
)  # fmt: skip
_CONNECT_SECONDS = 5.0


class _NotFound(Exception):
    """No deployment is meant; the text says which there are."""


class _Unavailable(Exception):
    """It is there, and does not answer."""


class Ingress:
    """The ASGI app; `await close()` it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._deployments = Deployments(project)
        # Many clients, each as slow as its model; a proxy of the environment is for the world outside.
        timeout = httpx.Timeout(None, connect=_CONNECT_SECONDS)
        self._client = httpx.AsyncClient(
            timeout=timeout, trust_env=False, limits=httpx.Limits(max_connections=None)
        )

    async def close(self) -> None:
        await self._client.aclose()

    def paths(self) -> list[str]:
        """That of every deployment."""
        found = (body["metadata"] for body in self._deployments.list())
        return [f"{PREFIX}{each['namespace']}/{each['name']}/api/v1.0/predictions" for each in found]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            url = self._url(scope["path"], scope.get("raw_path", b"").decode("ascii", "replace"))
            await self._pass_on(url, scope, receive, send)
        except _NotFound as error:
            await _fail(send, 404, "NOT_FOUND", str(error))
        except _Unavailable as error:
            await _fail(send, 503, "NOT_READY", str(error))

    def _url(self, path: str, raw: str) -> str:
        """Where the request goes to."""
        if not path.startswith(PREFIX):
            raise _NotFound(f"{path}: expected {PREFIX}<namespace>/<name>/api/v1.0/predictions.")
        first, _, rest = (raw or path).removeprefix(PREFIX).partition("/")
        second, slash, inner = rest.partition("/")
        known = {body["metadata"]["name"]: body for body in self._deployments.list()}
        if second in known and slash and known[second]["metadata"]["namespace"] == first:
            return self._address(known[second], inner)
        if first in known:
            return self._address(known[first], rest)
        if second in known and slash:
            there = known[second]["metadata"]["namespace"]
            raise _NotFound(f"Deployment {second!r} is in the namespace {there!r}, not in {first!r}.")
        # In the old form what comes second is the path of the API.
        name = first if second in ("", "api") else second
        raise _NotFound(unknown("deployment", name, known))

    def _address(self, body: dict[str, Any], rest: str) -> str:
        status = body.get("status") or {}
        url = (status.get("address") or {}).get("url")
        if not url:
            name = body["metadata"]["name"]
            raise _Unavailable(f"Deployment {name!r} has no address yet; see: argolane get deployments")
        return str(httpx.URL(url).join("/")) + rest

    async def _pass_on(self, url: str, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name.lower() not in _OF_THE_HOP]
        names = {name.lower() for name, _ in scope["headers"]}
        query = scope.get("query_string", b"").decode("ascii", "replace")
        request = self._client.build_request(
            scope["method"],
            f"{url}?{query}" if query else url,
            headers=headers,
            content=_body(receive) if names & {b"content-length", b"transfer-encoding"} else None,
        )
        # What the client did not say is not said for it.
        for name in ("accept", "accept-encoding", "user-agent"):
            if name.encode() not in names:
                del request.headers[name]
        try:
            response = await self._client.send(request, stream=True)
        except httpx.TransportError as error:
            raise _Unavailable(self._silent(scope["path"], error)) from None
        try:
            kept = [(name, value) for name, value in response.headers.raw if name.lower() not in _OF_THE_HOP]
            await send({"type": "http.response.start", "status": response.status_code, "headers": kept})
            async for piece in response.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()

    def _silent(self, path: str, error: httpx.TransportError) -> str:
        """What the deployment says of itself that does not answer."""
        names = path.removeprefix(PREFIX).split("/")[:2]
        for name in reversed(names):
            try:
                status = self._deployments.get(name)["status"]
            except ArgolaneError:
                continue
            told = str(status.get("description") or "").partition("\n")[0] or str(error)
            return f"Deployment {name!r} does not answer ({status.get('state')}): {told}"
        return str(error)


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise httpx.WriteError("the client is gone")
        if event.get("body"):
            yield event["body"]
        if not event.get("more_body"):
            return


async def _fail(send: Send, code: int, reason: str, info: str) -> None:
    failure = {"code": code, "info": info, "reason": reason, "status": "FAILURE"}
    body = json.dumps({"status": failure}).encode()
    await answer(send, code, [(b"content-type", b"application/json")], body)
