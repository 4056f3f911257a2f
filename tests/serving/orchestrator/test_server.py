"""The graph server's answers: their headers, and what it refuses itself."""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from argolane.serving.graph import Graph
from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.json_text import DEEPEST
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


def refused(
    path: str, *parts: bytes, length: int | None = None, largest: int = 1000
) -> tuple[int, dict[str, Any], int]:
    """The status and body of the answer, and how many parts of the request were read for it."""
    app = GraphServer(Graph("p", NODE), {}, namespace="n", deployment="d", images={}, largest_request=largest)
    sent: list[MutableMapping[str, Any]] = []
    waiting = list(parts)

    async def receive() -> MutableMapping[str, Any]:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])["status"], len(parts) - len(waiting)


@pytest.mark.parametrize("path", ["/api/v1.0/predictions", "/api/v0.1/predictions", "/api/v1.0/feedback"])
def test_a_body_has_a_bound(path: str) -> None:
    """413 with the bound and its setting: by the length that is said, or as soon as more has come."""
    status, said, read = refused(path, b"x", length=1001)
    assert (status, said["code"], read) == (413, 413, 0)
    assert "1000 bytes" in said["info"] and "serving.largest_request" in said["info"]
    status, said, read = refused(path, b"x" * 600, b"x" * 401, b"x" * 600)
    assert (status, said["code"], read) == (413, 413, 2)


def test_a_body_as_large_as_the_bound_is_taken() -> None:
    """It comes as far as the node, which has no endpoint here."""
    status, said, _ = refused("/api/v1.0/predictions", b"x" * 1000, length=1000)
    assert (status, "no endpoint" in said["info"]) == (500, True)


@pytest.mark.parametrize("path", ["/api/v1.0/predictions", "/api/v1.0/feedback"])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_json_is_the_clients_fault(path: str, opening: bytes, closing: bytes) -> None:
    """400 with the levels that are taken; no node is asked to fall over it."""
    depth = DEEPEST + 1
    status, said, _ = refused(path, opening * depth + b"1" + closing * depth, largest=10_000)
    assert status == 400
    assert str(DEEPEST) in said["info"]
