"""A request's bytes in, its answer out: one connection that never blocks."""

import errno
import os
import select
import socket
from typing import Any

from argolane.serving.load.address import Address
from argolane.serving.load.answer import Answer, Malformed

_READ = 1 << 18
REFUSED, RESET, CUT, ODD = (
    "connection refused", "connection reset", "closed within an answer", "no answer of HTTP",
)  # fmt: skip


class Failed(Exception):
    """A request that got no answer; `kind` is one of the words above, or the system's own."""

    def __init__(self, kind: str, said: str = "") -> None:
        super().__init__(said or kind)
        self.kind = kind


class Lost(Exception):
    """The server had closed the connection before it took the request, as it may between two requests."""


class Connection:
    """One client of the server. Times are by time.perf_counter()."""

    __slots__ = (
        "_address", "_connecting", "_poll", "_rest", "_served", "_socket", "answer", "busy", "fd", "free",
        "intended", "request", "sent", "tried",
    )  # fmt: skip

    def __init__(self, address: Address, poll: select.epoll) -> None:
        self._address, self._poll = address, poll
        self._socket: Any = None  # a socket, while it is open
        self.fd = -1
        self._connecting, self._served, self.busy, self.tried = False, 0, False, 0
        self._rest = self.request = b""
        self.answer = Answer()
        self.intended = self.sent = self.free = 0.0

    def begin(self, request: bytes) -> None:
        """Sends as much as the socket takes; Failed or Lost."""
        self.request, self.answer, self.busy = request, Answer(), True
        if self._socket is None:
            self._connect()
        if self._connecting:
            self._rest = request
        else:
            self._send(request)

    def writable(self) -> None:
        """The socket is connected, or takes more. Failed or Lost."""
        if self._connecting:
            if code := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise _failed(OSError(code, os.strerror(code)))
            self._connecting = False
        rest, self._rest = self._rest, b""
        if rest:
            self._send(rest)
        if not self._rest:
            self._poll.modify(self.fd, select.EPOLLIN)

    def readable(self) -> bool:
        """Whether the answer is whole now. Failed or Lost."""
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return False
        except OSError as error:
            if self._served and not self.answer.begun:
                raise Lost from None
            raise _failed(error) from None
        if not data:
            if self.busy and self.answer.end():
                self._served += 1
                return True
            if not self.busy or (self._served and not self.answer.begun):
                raise Lost
            raise Failed(CUT)
        if not self.busy:
            raise Lost  # what nobody asked for: the connection is no use any more
        try:
            whole = self.answer.feed(data)
        except Malformed as odd:
            raise Failed(ODD, str(odd)) from None
        self._served += whole
        return whole

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()  # which takes it out of the poll
        self._socket, self.fd, self._rest = None, -1, b""
        self._connecting, self._served = False, 0

    def _connect(self) -> None:
        try:
            self._socket = made = socket.socket(self._address.family, socket.SOCK_STREAM)
            self.fd = made.fileno()
            made.setblocking(False)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = made.connect_ex(self._address.where)
        except OSError as error:
            raise _failed(error) from None
        if code not in (0, errno.EINPROGRESS):
            raise _failed(OSError(code, os.strerror(code)))
        self._connecting = code != 0
        self._poll.register(self.fd, select.EPOLLIN | (select.EPOLLOUT if code else 0))

    def _send(self, data: bytes) -> None:
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            if self._served:
                raise Lost from None
            raise _failed(error) from None
        if sent < len(data):
            self._rest = data[sent:]
            self._poll.modify(self.fd, select.EPOLLIN | select.EPOLLOUT)


def _failed(error: OSError) -> Failed:
    if error.errno == errno.ECONNREFUSED:
        return Failed(REFUSED)
    if error.errno in (errno.ECONNRESET, errno.EPIPE):
        return Failed(RESET)
    return Failed(error.strerror or str(error))
