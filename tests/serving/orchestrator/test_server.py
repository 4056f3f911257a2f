"""The graph server's answers: their headers."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from argolane.serving.graph import Graph
from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.server import GraphServer

NODE = Node("m", type="MODEL")


@pytest.mark.parametrize("path", ["/api//x\r\nSet-Cookie: y", "/api/v1.0/status/x\r\nSet-Cookie: y"])
def test_path_cannot_add_headers_to_an_answer(path: str) -> None:
    """Neither in Location nor in Ce-Path, which have the path that was asked for."""
    app = GraphServer(Graph("p", NODE), {}, namespace="n", deployment="d", images={})
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"ce-specversion", b"0.3")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    values = [value for _, value in sent[0]["headers"]]
    assert any(b"Set-Cookie" in value for value in values)
    assert not any(b"\r" in value or b"\n" in value for value in values)
