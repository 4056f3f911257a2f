"""Calls to nodes: kept connections, redirects, time limits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from argolane.serving.graph import Graph
from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.messages import Failed, Message
from argolane.serving.orchestrator.metrics import Metrics
from argolane.serving.orchestrator.nodes import Nodes

NODE = Node("m", type="MODEL")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi"
MESSAGE = Message(b"{}", "application/json")
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
    metrics = Metrics(Graph("p", NODE), deployment="d", images={})
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
