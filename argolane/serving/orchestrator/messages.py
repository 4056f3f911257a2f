"""Bytes of one node in, bytes for the next or for the client out: what travels through a graph.

Bodies are passed on as they are; nothing here parses what it need not.
"""

import json
from dataclasses import dataclass

JSON = "application/json"

# What encoding/json's HTMLEscape does to every answer of the executor, whatever the content type is.
_ESCAPES = (
    (b"<", b"\\u003c"),
    (b">", b"\\u003e"),
    (b"&", b"\\u0026"),
    ("\u2028".encode(), b"\\u2028"),
    ("\u2029".encode(), b"\\u2029"),
)
_BINARY = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])


@dataclass(frozen=True, slots=True)
class Message:
    """A body with its content type; the type may be empty, as when the client gave none."""

    body: bytes
    content_type: str


class Failed(Exception):
    """A call did not come to a good end: `answer` is what the node said, None if it said nothing.

    `code` is what a made-up status says; the executor's own is 500 whatever the HTTP status is.
    """

    def __init__(
        self, info: str, *, status: int = 500, code: int = 500, answer: Message | None = None
    ) -> None:
        super().__init__(info)
        self.info = info
        self.status = status
        self.code = code
        self.answer = answer

    def without_answer(self) -> "Failed":
        return Failed(self.info, status=self.status)

    @property
    def message(self) -> Message:
        """The node's own words, else a Seldon status in JSON, to which the executor gives no content type."""
        return self.answer or Message(failure(self.info, self.code), "")


class Refused(Failed):
    """The client's own fault, which no node is asked about."""

    def __init__(self, info: str, *, status: int = 400) -> None:
        super().__init__(info, status=status, code=status)


def failure(info: str, code: int = 500) -> bytes:
    """The status that the executor makes up when it has no answer of a node to pass on."""
    status = {"code": code, "info": info, "status": "FAILURE"}
    return json.dumps({"status": status}, separators=(",", ":"), ensure_ascii=False).encode()


def escape(body: bytes) -> bytes:
    """`<`, `>`, `&` and the two Unicode line ends as JSON escapes: safe in HTML, equal as JSON."""
    for plain, escaped in _ESCAPES:
        body = body.replace(plain, escaped)
    return body


def sniff(body: bytes) -> str:
    """The content type of an error's body, which the executor leaves to Go's net/http to guess."""
    if not body:
        return ""
    text = body[:512].translate(None, _BINARY)
    return "text/plain; charset=utf-8" if len(text) == len(body[:512]) else "application/octet-stream"
