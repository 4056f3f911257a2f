"""Every way a response can come."""

import asyncio
import contextlib
import socket

import pytest

from argolane.serving import ports
from argolane.serving.orchestrator.http1 import BadAnswer, Connection, ConnectionLost, ResponseReader

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


def test_bytes_after_a_response_end_its_connection() -> None:
    """The response is whole, but nobody knows what the next one would be."""
    for pieces in ([OK + OK], [OK, b"junk"], [b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi"]):
        reader = ResponseReader()
        last = [reader.feed(piece) for piece in pieces][-1]
        assert last is not None
        assert not last.keep


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


def test_a_node_that_answers_and_never_reads_keeps_no_connection() -> None:
    """It is closed at once; what is left of the request is not held for the node to take."""
    request = b"x" * (32 << 20)

    async def run() -> int:
        loop = asyncio.get_running_loop()
        with ports.listen(0) as listening:
            listening.setblocking(False)
            accepting = loop.create_task(loop.sock_accept(listening))
            connection = await Connection.dial(listening.getsockname()[:2])
            node: socket.socket = (await accepting)[0]
        with node:
            answering = loop.create_task(loop.sock_sendall(node, OK))
            response = await connection.exchange(request)
            await answering
            assert (response.body, response.keep) == (b"hi", False)
            connection.close()
            await asyncio.sleep(0)
            received = 0
            with contextlib.suppress(ConnectionError):
                while data := await loop.sock_recv(node, 1 << 20):
                    received += len(data)
            return received

    assert asyncio.run(run()) < len(request)
