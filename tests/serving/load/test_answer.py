"""Answers of HTTP/1.1 are whole when they are whole, however they come."""

import pytest

from argolane.serving.load.answer import Answer, Malformed, Ways

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: a\r\nCONTENT-LENGTH: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH


@pytest.mark.parametrize("text", [LENGTH, CHUNKED, CONTINUED])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_in_parts_of_any_size(text: bytes, size: int) -> None:
    """Whole with the last byte, not before, and the body is what was sent."""
    answer = Answer()
    parts = [text[i : i + size] for i in range(0, len(text), size)]
    found = [answer.feed(part) for part in parts]
    assert found == [False] * (len(parts) - 1) + [True]
    assert (answer.status, answer.body, answer.keep) == (200, b"hello", True)


@pytest.mark.parametrize(
    ("head", "keep"),
    [
        ("HTTP/1.1 200 OK\r\nConnection: close", False),
        ("HTTP/1.1 200 OK\r\nConnection: Keep-Alive", True),
        ("HTTP/1.0 200 OK", False),
        ("HTTP/1.0 200 OK\r\nconnection: keep-alive", True),
    ],
)
def test_whether_a_connection_is_kept(head: str, keep: bool) -> None:
    """As the version and the header say together."""
    answer = Answer()
    assert answer.feed(f"{head}\r\nContent-Length: 0\r\n\r\n".encode())
    assert answer.keep is keep


def test_an_answer_that_ends_with_its_connection() -> None:
    """Without a length; one with a length that does not come is not whole."""
    answer = Answer()
    assert not answer.feed(b"HTTP/1.1 200 OK\r\n\r\nhel") and not answer.feed(b"lo")
    assert answer.end() and answer.body == b"hello" and not answer.keep
    cut = Answer()
    assert not cut.feed(LENGTH[:-1]) and not cut.end()
    none = Answer()
    assert none.feed(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize(
    "text",
    [b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
     LENGTH + b"!", CHUNKED.replace(b"3;x", b"zz"), b"HTTP/1." + b"x" * 70_000],
)  # fmt: skip
def test_what_is_no_answer(text: bytes) -> None:
    """Is told, not waited for."""
    with pytest.raises(Malformed):
        Answer().feed(text)


def test_the_arm_of_an_answer() -> None:
    """By the nodes that it passed, without the router; by the routing alone; by nothing."""
    ways = Ways()
    both = b'{"data": 1, "meta": {"routing": {"ab": 1}, "requestPath": {"ab": "", "sk-mnist": "im:1"}}}'
    assert ways.of(both) == ways.of(both) == "sk-mnist"
    assert ways.of(b'{"meta":{"routing":{"ab":0},"requestPath":{}}}') == "ab=0"
    assert ways.of(b'{"meta": {"requestPath": {"m": "im:1"}}}') == "m"
    executor = b'{"meta": {"routing": {"ab": 0, "m": -1, "t": -1}, "requestPath": {"m": "im:1", "t": "2"}}}'
    assert ways.of(executor) == "m, t"
    assert ways.of(b'{"meta": {}}') == ways.of(b"no JSON") == ""


def test_the_names_of_arms_are_bounded() -> None:
    """Whatever a deployment answers, memory does not grow."""
    ways = Ways()
    found = {ways.of(b'"requestPath": {"m%d": "i"}' % i) for i in range(1000)}
    assert len(found) == Ways.MOST + 1 and Ways.OTHERS in found
