"""The HTTP calls of the graph server: every way a response can come, kept connections, headers."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from argolane.serving.graph import Predictor
from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator import create_app
from argolane.serving.orchestrator.http1 import BadAnswer, ConnectionLost, ResponseReader
from argolane.serving.orchestrator.messages import Failed, Message
from argolane.serving.orchestrator.metrics import Metrics, split_image
from argolane.serving.orchestrator.nodes import Nodes
from argolane.serving.orchestrator.paths import Asked, find
from argolane.serving.orchestrator.request_bytes import passed_on

NODE = Node("m", type="MODEL")
MESSAGE = Message(b"{}", "application/json")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: 1\r\n\r\n"
)


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("stream", "body", "keep"),
    [
        (OK, b"hi", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"hi", True),
        (CHUNKED, b"hello world", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", b"hi", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", b"hi", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    ],
)
def test_response_is_read_however_it_is_cut(stream: bytes, body: bytes, keep: bool, step: int) -> None:
    """The same response from pieces of any size, and none before the last piece."""
    reader = ResponseReader()
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert [reader.feed(piece) for piece in pieces[:-1]] == [None] * (len(pieces) - 1)
    response = reader.feed(pieces[-1])
    assert response is not None
    assert (response.body, response.keep) == (body, keep)


def test_body_without_a_length_ends_with_the_connection() -> None:
    """And is whole only then."""
    reader = ResponseReader()
    assert reader.feed(b"HTTP/1.1 200 OK\r\n\r\nhi") is None
    assert reader.feed(b" you") is None
    assert (reader.feed_eof().body, reader.feed_eof().keep) == (b"hi you", False)


@pytest.mark.parametrize("cut", [0, 10, len(OK) - 1])
def test_connection_lost_in_the_middle_is_no_response(cut: int) -> None:
    """`began` tells whether a part of it had come."""
    reader = ResponseReader()
    reader.feed(OK[:cut])
    with pytest.raises(ConnectionLost) as caught:
        reader.feed_eof()
    assert caught.value.began is (cut > 0)


@pytest.mark.parametrize(
    "stream",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: a\nSet-Cookie: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
    ],
)
def test_what_is_not_http_is_refused(stream: bytes) -> None:
    """At once, without waiting for more."""
    with pytest.raises(BadAnswer):
        ResponseReader().feed(stream)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def call(serve: Serve, do: Callable[[Nodes], Awaitable[None]], timeout: float | None = None) -> None:
    """`do` with the nodes, of which one is served by `serve`."""
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    metrics = Metrics(Predictor("p", NODE), deployment="d", images={})
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    nodes = Nodes({"m": url}, timeout=timeout, metrics=metrics)
    try:
        await do(nodes)
    finally:
        nodes.close()
        server.close()
        await asyncio.gather(*connections)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


def test_connection_is_kept_and_a_dead_one_replaced() -> None:
    """Three calls on one connection; the node ends it; the fourth call goes through on a second one."""
    served: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(0)
        while served[-1] < 3:
            await read_request(reader)
            served[-1] += 1
            writer.write(OK)

    async def do(nodes: Nodes) -> None:
        for _ in range(4):
            assert (await nodes.post(NODE, "/predict", MESSAGE, b"")).body == b"hi"

    asyncio.run(call(serve, do))
    assert served == [3, 1]


def test_idle_connection_is_ended() -> None:
    """A node does not hold a connection, and maybe a thread, for a client that asked once."""

    async def run() -> None:
        over = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(OK)
            with contextlib.suppress(ConnectionError):
                await reader.read()
            over.set()

        async def do(nodes: Nodes) -> None:
            await nodes.post(NODE, "/predict", MESSAGE, b"")
            await asyncio.wait_for(over.wait(), 10)

        await call(serve, do)

    asyncio.run(run())


@pytest.mark.parametrize(("path", "requests"), [("/predict", 3), ("/send-feedback", 2)])
def test_reward_is_not_given_twice(path: str, requests: int) -> None:
    """A kept connection that ends without an answer: predictions are sent again, feedback is not."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(OK)
        if len(seen) == 1:
            seen.append(await read_request(reader))

    async def do(nodes: Nodes) -> None:
        await nodes.post(NODE, path, MESSAGE, b"")
        if path == "/predict":
            await nodes.post(NODE, path, MESSAGE, b"")
        else:
            with pytest.raises(Failed, match="EOF"):
                await nodes.post(NODE, path, MESSAGE, b"")

    asyncio.run(call(serve, do))
    assert len(seen) == requests


@pytest.mark.parametrize(("host", "secret"), [("", True), ("http://localhost", False)])
def test_redirect_takes_secrets_to_the_same_host_only(host: str, secret: bool) -> None:
    """A node may send us elsewhere, but not with the client's Authorization and Cookie."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        if len(seen) == 1:
            port = writer.get_extra_info("sockname")[1]
            place = f"{host}:{port}/else where" if host else "/else where"
            writer.write(f"HTTP/1.1 307 X\r\nLocation: {place}\r\nConnection: close\r\n\r\n".encode())
        else:
            writer.write(OK)

    async def do(nodes: Nodes) -> None:
        headers = b"authorization: Bearer t\r\ncookie: a=b\r\nx-a: 1\r\n"
        assert (await nodes.post(NODE, "/predict", MESSAGE, headers)).body == b"hi"

    asyncio.run(call(serve, do))
    assert seen[1].startswith(b"POST /else%20where HTTP/1.1\r\n")
    assert b"x-a: 1" in seen[1]
    assert (b"authorization" in seen[1], b"cookie" in seen[1]) == (secret, secret)


def test_call_that_takes_too_long_is_given_up() -> None:
    """Failed with status 500, in the time allowed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def do(nodes: Nodes) -> None:
        with pytest.raises(Failed, match=r"Client\.Timeout exceeded") as caught:
            await asyncio.wait_for(nodes.post(NODE, "/predict", MESSAGE, b""), 5)
        assert caught.value.status == 500

    asyncio.run(call(serve, do, timeout=0.05))


def test_a_clients_own_connection_headers_stay_with_it() -> None:
    """All others go to every node, Authorization and Cookie among them."""
    headers = [(b"connection", b"close"), (b"authorization", b"Bearer t"), (b"host", b"x"), (b"x-a", b"1")]
    assert passed_on(headers) == b"authorization: Bearer t\r\nx-a: 1\r\n"


@pytest.mark.parametrize(
    ("path", "method", "asked"),
    [
        ("/api/v1.0/predictions", "POST", Asked.PREDICTIONS),
        ("/api/v1.0/predictions", "GET", Asked.NOT_ALLOWED),
        ("/api/v1.0/predictions/", "POST", Asked.NOT_FOUND),
        ("/api/v1.0/../v1.0/predictions", "POST", Asked.MOVED),
        ("/api/v1.0/status/a", "GET", Asked.STATUS),
        ("/api/v1.0/status/a/b", "GET", Asked.NOT_FOUND),
        ("/api/v1.0/metadata/", "GET", Asked.NOT_FOUND),
        ("/m", "PUT", Asked.METRICS),
        ("", "GET", Asked.MOVED),
        ("/", "GET", Asked.NOT_FOUND),
    ],
)
def test_paths_are_those_of_the_executor(path: str, method: str, asked: Asked) -> None:
    """No more and no fewer."""
    assert find(path, method, metrics="/m").asked is asked


def test_image_is_split_at_its_tag() -> None:
    """The port of a registry is none."""
    assert split_image("registry:5000/a/b:1.2") == ("registry:5000/a/b", "1.2")
    assert split_image("registry:5000/a/b") == ("registry:5000/a/b", "")


@pytest.mark.parametrize("path", ["/api//x\r\nSet-Cookie: y", "/api/v1.0/status/x\r\nSet-Cookie: y"])
def test_path_cannot_add_headers_to_an_answer(path: str) -> None:
    """Neither in Location nor in Ce-Path, which have the path that was asked for."""
    app = create_app(Predictor("p", NODE), {}, namespace="n", deployment="d", images={})
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
