"""Bytes of a connection in, answers out: uvicorn's protocol, with a short way for a message to a method.

uvicorn begins a task for each request, gives it the body and takes the answer in pieces, through events. A
message that is read, called and written in one go needs none of it: it is answered as soon as its last byte
is there. Everything else goes uvicorn's way.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from models.runtimes.server.app import SETTLED, App, plain

_HEAD = b"content-type: application/json\r\naccess-control-allow-origin: *\r\ncontent-length: %d\r\n\r\n"


def protocol(app: App) -> type[HttpToolsProtocol]:
    """For uvicorn's Config, which hands it no more than the ASGI app."""
    return type("Protocol", (_Protocol,), {"short": app})


class _Protocol(HttpToolsProtocol):
    short: App

    def connection_made(self, transport: Any) -> None:
        self._parts: list[bytes] | None = None
        self._ending = False
        self._quick = self.short.pool is None and not self.config.access_log
        super().connection_made(transport)

    def on_headers_complete(self) -> None:
        idle = (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused
        if (
            self._quick
            and idle
            and self.url in self.short.paths
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.expect_100_continue
            and plain(self.headers)
        ):
            self._parts = []
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._parts is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._parts is None:
            super().on_message_complete()
            return
        body, self._parts = b"".join(self._parts), None
        found = self.short.called(self.short.paths[self.url], body)
        if isinstance(found, bytes):
            self._write(found)
            return
        if found is not None:
            self.scope[SETTLED] = found  # type: ignore[literal-required]
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False
        super().on_body(body)
        super().on_message_complete()

    def shutdown(self) -> None:
        """A request of which a part has come is still answered."""
        if self._parts is None:
            super().shutdown()
        else:
            self._ending = True

    def _write(self, content: bytes) -> None:
        if self.transport.is_closing():
            return
        end = b"connection: close\r\n" if self._ending else b""
        own = b"".join(b"%b: %b\r\n" % pair for pair in self.server_state.default_headers)
        self.transport.write(b"".join((b"HTTP/1.1 200 OK\r\n", own, end, _HEAD % len(content), content)))
        if self._ending:
            self.transport.close()
        else:
            self.on_response_complete()
