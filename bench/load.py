"""A URL and a request in, requests per second and latencies out: a closed loop of a few client processes.

A client sends bytes made once over a bare socket and looks at no more of the answer than its end: it takes a
twentieth of what the fastest server here does for a request, so it is the server that is measured.
"""

import multiprocessing
import socket
import statistics
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """Requests per second over all clients; latencies in milliseconds."""

    clients: int
    rate: float
    p50: float
    p99: float

    def __str__(self) -> str:
        return (
            f"{self.clients} clients: {self.rate:7.0f} req/s  p50 {self.p50:6.2f} ms  p99 {self.p99:6.2f} ms"
        )


def measure(url: str, body: bytes, *, clients: int, seconds: float) -> Load:
    """Each client sends one request after the other for `seconds`, on one connection if that is kept."""
    with multiprocessing.get_context("fork").Pool(clients) as pool:
        runs = pool.starmap(_client, [(url, body, seconds)] * clients)
    taken = [each for run in runs for each in run]
    cuts = statistics.quantiles(taken, n=100)
    # A client's own time, not that of its process: starting one takes as long as many requests.
    rate = sum(len(run) / sum(run) for run in runs)
    return Load(clients, rate, cuts[49] * 1e3, cuts[98] * 1e3)


def _client(url: str, body: bytes, seconds: float) -> list[float]:
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError(f"{url}: load goes to this machine only")
    address = (str(parts.hostname), parts.port or 80)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    taken = []
    connection = None
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        connection = connection or _connect(address)
        connection.sendall(request)
        keep = _read(connection, url)
        taken.append(time.perf_counter() - start)
        if not keep:
            connection.close()
            connection = None
    return taken


def _connect(address: tuple[str, int]) -> socket.socket:
    connection = socket.create_connection(address, timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _read(connection: socket.socket, url: str) -> bool:
    """One whole answer; whether the connection may be used again. RuntimeError for what is no 200."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _some(connection, url)
    head = data[:end].lower()
    if head[9:12] != b"200":
        raise RuntimeError(f"{url}: {data[:300]!r}")
    at = head.index(b"content-length:") + len(b"content-length:")
    missing = end + 4 + int(head[at:].partition(b"\r")[0]) - len(data)
    while missing > 0:
        missing -= len(_some(connection, url))
    return b"connection: close" not in head


def _some(connection: socket.socket, url: str) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise RuntimeError(f"{url}: the server closed the connection within an answer")
    return data
