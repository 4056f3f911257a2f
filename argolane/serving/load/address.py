"""A URL in, where its server is and what a request to it begins with out."""

import ipaddress
import re
import socket
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from argolane.errors import ArgolaneError, UsageError

JSON = "application/json"


@dataclass(frozen=True)
class Address:
    """`where` is what a socket connects to, `family` the kind of socket; `head` is the text of a request's
    first lines."""

    url: str
    family: int
    where: tuple[str, int]
    head: str

    def request(self, body: bytes) -> bytes:
        """The bytes of a whole request."""
        return f"{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    @property
    def loopback(self) -> bool:
        return ipaddress.ip_address(self.where[0].partition("%")[0]).is_loopback


def address(url: str, *, allow_remote: bool) -> Address:
    """UsageError for what is no http:// URL, or not of this machine unless that is allowed."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, 80 if parts.port is None else parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is not a URL: {error}.") from None
    if parts.scheme != "http" or not host or not url.isascii() or set(url) & set(" \r\n\t"):
        raise UsageError(
            f"{url!r}: expected http://HOST[:PORT]/PATH. TLS is not measured: ask behind what ends it."
        )
    if parts.username is not None:
        raise UsageError(f"{parts.hostname}: a name and a password in a URL are not sent; leave them out.")
    if not port:
        raise UsageError(f"{parts.netloc}: nobody listens at port 0; expected one from 1 to 65535.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ArgolaneError(f"{url}: {host} is not known here: {error.strerror or error}.") from None
    family, *_, where = found[0]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {JSON}\r\nAccept: {JSON}\r\n"
    made = Address(url, int(family), (str(where[0]), int(where[1])), head)
    if not made.loopback and not allow_remote:
        raise UsageError(
            f"{url} is another machine ({made.where[0]}). A load test can take down what others use: "
            "say --allow-remote if it is yours to load."
        )
    return made


def grpc_address(text: str, *, allow_remote: bool) -> Address:
    """The same of HOST:PORT; UsageError for what is none."""
    plain = text.removeprefix("grpc://")
    if not re.fullmatch(r"[^/?#@\s]+:\d+", plain):
        raise UsageError(f"{text!r}: expected HOST:PORT of gRPC without TLS; ask behind what ends that.")
    return replace(address(f"http://{plain}", allow_remote=allow_remote), url=f"grpc://{plain}", head="")
