"""A URL and a request in, requests per second and latencies out: a closed loop of a few client processes."""

import http.client
import multiprocessing
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
    """Each client sends one request after the other on one connection for `seconds`."""
    with multiprocessing.get_context("fork").Pool(clients) as pool:
        started = time.perf_counter()
        taken = [t for ts in pool.starmap(_client, [(url, body, seconds)] * clients) for t in ts]
        wall = time.perf_counter() - started
    cuts = statistics.quantiles(taken, n=100)
    return Load(clients, len(taken) / wall, cuts[49] * 1e3, cuts[98] * 1e3)


def _client(url: str, body: bytes, seconds: float) -> list[float]:
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError(f"{url}: load goes to this machine only")
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    taken = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        connection.request("POST", parts.path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{url}: HTTP {response.status}: {answer[:200]!r}")
        taken.append(time.perf_counter() - start)
    connection.close()
    return taken
