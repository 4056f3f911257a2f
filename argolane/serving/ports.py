"""A port or none in, a TCP socket of this machine out: what is listened on, and what is held for a unit.

A held port is given to no second pod until the server that it is for has it.
"""

import socket
import sys
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """What one unit listens on, on 127.0.0.1."""

    http: int
    grpc: int
    metrics: int

    def env(self, *, grpc: bool = False) -> dict[str, str]:
        """`grpc`: whether the unit's own port is that of gRPC."""
        return {
            "PREDICTIVE_UNIT_SERVICE_PORT": str(self.grpc if grpc else self.http),
            "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(self.http),
            "MLSERVER_HTTP_PORT": str(self.http),
            "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": str(self.grpc),
            "MLSERVER_GRPC_PORT": str(self.grpc),
            "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(self.metrics),
            "MLSERVER_METRICS_PORT": str(self.metrics),
        }


def free() -> socket.socket:
    """A bound socket that does not listen: the kernel hands its port to nobody who asks for any free one.

    A server that sets SO_REUSEADDR, as all do, may still bind and listen there: on Linux two bound sockets
    are no conflict while neither of them listens and both have the option.
    """
    held = socket.socket()
    held.bind((HOST, 0))
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        # The wrapper reserves the port of its gRPC workers by a socket that has this option alone.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return held


class Held:
    """The three ports of a unit for as long as its pod lives, over restarts of its container."""

    def __init__(self) -> None:
        self._sockets = [free() for _ in range(3)]
        http, grpc, metrics = (held.getsockname()[1] for held in self._sockets)
        self.ports = Ports(http, grpc, metrics)
        if sys.platform != "linux":
            self.let_go()

    def let_go(self) -> None:
        for held in self._sockets:
            held.close()


def listening(port: int | None) -> socket.socket:
    """A listening socket on `port`, the one the deployment had before, or on a free one if that is taken."""
    try:
        return listen(port or 0)
    except OSError:
        return listen(0)


def listen(port: int, *, host: str = HOST) -> socket.socket:
    """A listening socket, on any free port if `port` is 0. Raises OSError."""
    # The protocol is named for asyncio: only then does it set TCP_NODELAY on what it accepts, and without
    # that an answer waits 40 ms for the client's delayed acknowledgement.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen(2048)
    except OSError:
        server.close()
        raise
    return server
