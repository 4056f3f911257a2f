"""Requests on the deployment's one port in, the answers of its present version out, and its metrics.

The port stays while versions come and go: a request is answered to its end by the version that it came to,
and a version is let go of only when it has none left.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from argolane.serving import metrics
from argolane.serving.orchestrator import asgi
from argolane.serving.orchestrator.asgi import Receive, Scope, Send
from argolane.serving.orchestrator.messages import Failed
from argolane.serving.orchestrator.metrics import CONTENT_TYPE
from argolane.serving.orchestrator.server import GraphServer

if TYPE_CHECKING:
    from argolane.serving.orchestrator.rpc.graph import Asking, RpcGraph


class Backend:
    """One graph server in front of one set of pods; `pod` is the one it would be in on a cluster."""

    def __init__(
        self,
        app: GraphServer,
        *,
        ready: Callable[[], bool],
        rpc: "RpcGraph | None" = None,
        pod: str = "",
        units: Sequence[metrics.Unit] = (),
    ) -> None:
        """`rpc`: the same graph over gRPC, where that is asked for."""
        self.app = app
        self.rpc = rpc
        self.ready = ready
        self.pod = pod
        self.units = units
        self.in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def close(self, *, patience: float) -> None:
        """Wait for the requests in flight, at most `patience` seconds, then let go of the pods."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()
        self.app.close()
        if self.rpc is not None:
            await self.rpc.close()

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """While a request is answered."""
        self.in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._idle.set()


class Front:
    """The ASGI app on the deployment's port; and what answers on its gRPC port, if it has one."""

    def __init__(self, deployment: str) -> None:
        self.deployment = deployment
        self.backends: Sequence[Backend] = ()
        self.scaled_to_nothing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == metrics.PATH:
            await asgi.answer(send, 200, [(b"content-type", CONTENT_TYPE.encode())], await self._metrics())
            return
        if not self.backends:
            await self._not_yet(scope, send)
            return
        backend = self._next()
        with backend.busy():
            await backend.app(scope, receive, send)

    async def answer(self, method: str, request: bytes, asking: "Asking") -> bytes:
        """Over gRPC. Raises Failed."""
        if not self.backends:
            raise Failed(self._lacks)
        backend = self._next()
        if backend.rpc is None:
            raise Failed(f"Deployment '{self.deployment}' has a version now that does not ask for gRPC.")
        with backend.busy():
            return await backend.rpc.answer(method, request, asking)

    def _next(self) -> Backend:
        """Replicas share the load; one that is being started again is passed over while another is ready."""
        if len(self.backends) == 1:
            return self.backends[0]
        ready = [backend for backend in self.backends if backend.ready()] or self.backends
        return min(ready, key=lambda backend: backend.in_flight)

    @property
    def _lacks(self) -> str:
        lacks = "0 replicas" if self.scaled_to_nothing else "no version that is ready yet"
        return f"Deployment '{self.deployment}' has {lacks}; see: argolane get deployments"

    async def _metrics(self) -> bytes:
        backends = self.backends
        own = [
            metrics.Page(each.pod, metrics.EXECUTOR, each.app.measured.render().decode()) for each in backends
        ]
        # Replicas of one component may share a pod of another.
        units = dict.fromkeys(unit for backend in backends for unit in backend.units)
        return await asyncio.to_thread(metrics.merged, [*own, *await metrics.ask(units)])

    async def _not_yet(self, scope: Scope, send: Send) -> None:
        live = scope["path"] == "/live"
        failure = {"code": 503, "info": self._lacks, "reason": "NOT_READY", "status": "FAILURE"}
        body = json.dumps({} if live else {"status": failure}).encode()
        await asgi.answer(send, 200 if live else 503, [(b"content-type", b"application/json")], body)
