"""Bytes of a connection in, one answer of HTTP/1.1 out: its status, and its way through the graph."""

import re

_KEPT = 1 << 18  # bytes of a body that are kept to look at
_LONGEST_HEAD = 1 << 16
_FLAT = re.compile(rb"\s*:\s*\{([^{}]*)\}")
_PAIR = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)')


class Malformed(Exception):
    """What came is no answer of HTTP/1.1."""


class Answer:
    """What has come of an answer; `keep` says whether the connection can be used again."""

    __slots__ = ("_buffer", "_chunked", "_missing", "body", "keep", "status")

    def __init__(self) -> None:
        self.status, self.keep, self.body = 0, True, b""
        self._buffer, self._chunked = b"", False
        self._missing: int | None = 0

    @property
    def begun(self) -> bool:
        """Whether any of it has come."""
        return self.status > 0 or bool(self._buffer)

    def feed(self, data: bytes) -> bool:
        """Whether the answer is whole. Malformed where it cannot be one."""
        if not self.status:
            data = self._buffer + data if self._buffer else data
            data = self._head(data)
            if not self.status:
                return False
        if self._chunked:
            return self._chunks(data)
        self._keep_some(data)
        if self._missing is None:
            return False
        self._missing -= len(data)
        if self._missing < 0:
            raise Malformed("there is more than the answer")
        return self._missing == 0

    def end(self) -> bool:
        """Whether the answer is whole now that the connection is at its end."""
        return self.status > 0 and self._missing is None and not self._chunked

    def _head(self, data: bytes) -> bytes:
        """What is after the head; the status stays 0 while that is not whole."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            if len(data) > _LONGEST_HEAD or not data.startswith(b"HTTP/1."[: len(data)]):
                raise Malformed(f"no answer of HTTP: {data[:60]!r}")
            self._buffer = data
            return b""
        head = data[:end].lower()
        try:
            if not head.startswith(b"http/1."):
                raise ValueError
            status = int(head[9:12])
            if 100 <= status < 200:
                self._buffer = b""
                return self._head(data[end + 4 :])
            length = _header(head, b"content-length")
            if b"chunked" in _header(head, b"transfer-encoding"):
                self._chunked, self._missing, self._buffer = True, None, b""
            elif length:
                self._missing = int(length)
            elif status not in (204, 304):
                self._missing = None
        except ValueError:
            raise Malformed(f"no answer of HTTP: {data[:60]!r}") from None
        connection = _header(head, b"connection")
        self.keep = b"close" not in connection and (head[7:8] == b"1" or b"keep-alive" in connection)
        self.keep = self.keep and (self._chunked or self._missing is not None)
        self.status = status
        return data[end + 4 :]

    def _chunks(self, data: bytes) -> bool:
        """`_missing` is what a chunk lacks, with the line end after it; None before a chunk's length."""
        data, self._buffer = self._buffer + data, b""
        while data:
            if self._missing is None:
                line, found, rest = data.partition(b"\r\n")
                if not found:
                    self._buffer = data
                    return False
                try:
                    length = int(line.partition(b";")[0], 16)
                except ValueError:
                    raise Malformed(f"no length of a chunk: {line[:60]!r}") from None
                if length == 0:
                    # Trailers, which nobody sends, would stand before the empty line.
                    self._buffer = data
                    return rest.endswith(b"\r\n")
                data, self._missing = rest, length + 2
            part = data[: self._missing]
            self._keep_some(part[: max(0, self._missing - 2)])
            data = data[self._missing :]
            self._missing = self._missing - len(part) or None
        return False

    def _keep_some(self, data: bytes) -> None:
        if len(self.body) < _KEPT:
            self.body += data[: _KEPT - len(self.body)]


def _header(head: bytes, name: bytes) -> bytes:
    """Its value in a head of lower case; nothing where it is not there."""
    at = head.find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    start = at + len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


class Ways:
    """Which arm an answer came from, by its meta: the nodes that it passed, its routing where it has none."""

    MOST = 32
    OTHERS = "others"

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def of(self, body: bytes) -> str:
        """'' where the answer says nothing."""
        routing, passed = _object(body, b'"routing"'), _object(body, b'"requestPath"')
        said = routing + b"|" + passed
        if len(said) == 1:
            return ""
        if (name := self._known.get(said)) is None:
            name = _way(routing, passed) if len(self._known) < self.MOST else self.OTHERS
            if name != self.OTHERS:
                self._known[said] = name
        return name


def _object(body: bytes, key: bytes) -> bytes:
    """What is between the braces of a flat object."""
    at = body.rfind(key)
    found = _FLAT.match(body, at + len(key)) if at >= 0 else None
    return found[1] if found else b""


def _way(routing: bytes, passed: bytes) -> str:
    # Of a node that has nobody to choose from the executor says -1.
    routed = {node: branch for node, branch in _PAIR.findall(routing) if branch != b"-1"}
    nodes = [node for node, _ in _PAIR.findall(passed) if node not in routed]
    words = nodes or [b"%s=%s" % pair for pair in routed.items()]
    return b", ".join(words).decode(errors="replace")
