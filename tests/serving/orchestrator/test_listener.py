"""The HTTP server of serving, on a real socket: what its clients receive, byte for byte."""

import asyncio
import socket
import struct
import sys
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from argolane.serving import ports
from argolane.serving.orchestrator import asgi, listener
from argolane.serving.orchestrator.asgi import Receive, Scope, Send
from argolane.serving.orchestrator.listener import Listener

BODY = b"x" * 500
# Where Linux has the number of segments with data that have come, in its struct tcp_info.
_TCP_INFO_SIZE, _DATA_SEGMENTS_IN = 192, 152


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/slow":
        await asyncio.sleep(0.3)
    if scope["path"] == "/broken":
        raise RuntimeError("an app that is broken")
    body = await asgi.read_body(receive)
    await asgi.answer(send, 200, [], scope["path"].encode() + b" " + body)


Do = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def served(do: Do, *, loop: Callable[[], asyncio.AbstractEventLoop] | None = None) -> None:
    """`do` with a connection to the server."""

    async def run() -> None:
        bound = ports.listen(0)
        listener = Listener(echo, bound, patience=5)
        await listener.open()
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        try:
            async with asyncio.timeout(20):
                await do(reader, writer)
        finally:
            writer.close()
            await listener.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


def request(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The first line and the body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
    return head.partition(b"\r\n")[0], await reader.readexactly(length)


@pytest.mark.skipif(sys.platform != "linux", reason="segments are counted by Linux")
def test_an_answer_is_one_segment() -> None:
    """Head and body leave in one write: 20 answers are 20 segments, on a connection that is kept."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(20):
            writer.write(request("/a", BODY))
            assert await answer(reader) == (b"HTTP/1.1 200 OK", b"/a " + BODY)
        connection = writer.get_extra_info("socket")
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
        if len(info) < _DATA_SEGMENTS_IN + 4:
            pytest.skip("this kernel does not count segments")
        assert struct.unpack_from("I", info, _DATA_SEGMENTS_IN) == (20,)

    served(do)


def test_requests_sent_together_are_answered_in_turn() -> None:
    """Three in one write, three answers, none mixed with another."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(request(f"/{n}", BODY) for n in range(3)))
        for n in range(3):
            assert await answer(reader) == (b"HTTP/1.1 200 OK", b"/%d " % n + BODY)

    served(do)


def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    """`Expect: 100-continue` is answered before the body comes, as curl waits for it."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        whole = request("/a", BODY, "Expect: 100-continue")
        writer.write(whole[: -len(BODY)])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY)
        assert (await answer(reader))[1] == b"/a " + BODY

    served(do)


def test_a_client_that_wants_no_more_is_let_go() -> None:
    """`Connection: close`: the whole answer, then the end."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/a", BODY, "Connection: close"))
        assert (await answer(reader))[1] == b"/a " + BODY
        assert await reader.read() == b""

    served(do)


def test_what_is_no_request_is_told_so() -> None:
    """HTTP 400 and the end."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no HTTP at all\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")

    served(do)


def test_an_app_that_breaks_is_a_500() -> None:
    """And the listener serves on."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/broken", b""))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert head.lower().count(b"connection:") == 1
        assert await reader.read() == b"Internal Server Error"

    served(do)
    served(do)


def test_a_client_that_leaves_after_several_requests_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for the answers between the first and the last, either: there is nothing to log."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request("/slow", BODY) * 3)
        await asyncio.sleep(0.1)
        writer.close()
        await asyncio.sleep(1.5)

    served(do, loop=uvloop.new_event_loop)
    assert caplog.records == []


@pytest.mark.parametrize("idle", [5.5, 7.0])
def test_a_connection_that_nobody_uses_is_kept(idle: float) -> None:
    """65 s, as by the executor: a client that asks every few seconds loses no request to a closing server."""

    async def do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            writer.write(request("/a", BODY))
            assert await answer(reader) == (b"HTTP/1.1 200 OK", b"/a " + BODY)
            await asyncio.sleep(idle)

    assert listener._IDLE_SECONDS == 65
    served(do)
