"""A predictor and its nodes' endpoints in, the graph server as an ASGI app out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from argolane.serving.graph import Predictor
from argolane.serving.orchestrator.metrics import Metrics
from argolane.serving.orchestrator.nodes import Nodes
from argolane.serving.orchestrator.server import GraphServer


def create_app(
    predictor: Predictor,
    endpoints: Mapping[str, str],
    *,
    namespace: str,
    deployment: str,
    images: Mapping[str, str],
    metrics_path: str = "/prometheus",
    full_health_checks: bool = False,
) -> Starlette:
    """`endpoints`: node name -> `http://host:port`; a node without one fails when called."""
    measured = Metrics(predictor, deployment=deployment, images=images)
    nodes = Nodes(endpoints, timeout=predictor.timeout, metrics=measured)
    names = (deployment.encode(), namespace.encode())
    server = GraphServer(predictor, nodes, measured, names, metrics_path, full_health_checks)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        nodes.close()

    return _App(server, lifespan)


class _App(Starlette):
    """Starlette for its lifespan; requests go straight to the graph server (see `paths`)."""

    def __init__(self, server: GraphServer, lifespan: Any) -> None:
        super().__init__(lifespan=lifespan)
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._server(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
