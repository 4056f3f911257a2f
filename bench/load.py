"""A URL and a request in, requests per second and latencies out: a closed loop of clients.

wrk asks where it is installed, which takes some 5 µs for a request; else the client of `argolane load`, which
takes some 30. Either is a small part of what the fastest server here does, so it is the server that is
measured; bench.serving says by how much the two differ.
"""

from dataclasses import dataclass

from argolane.serving.load.address import address
from argolane.serving.load.plan import Plan
from argolane.serving.load.running import Running
from bench import wrk


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
    """Each client sends one request after the other for `seconds`, on one connection if that is kept.

    RuntimeError where a request failed.
    """
    if wrk.found() and float(seconds).is_integer():
        return Load(clients, *wrk.measure(url, body, clients=clients, seconds=int(seconds)))
    return measure_ours(url, body, clients=clients, seconds=seconds)


def measure_ours(url: str, body: bytes, *, clients: int, seconds: float) -> Load:
    """The same, asked by the client of `argolane load`."""
    # Raises where this is another machine: load goes to this one only.
    place = address(url, allow_remote=False)
    plan = Plan(rate=None, clients=clients, duration=seconds, warm_up=0)
    found = Running(plan, place, [place.request(body)]).run()
    if found.total.failed or not found.total.answered:
        raise RuntimeError(f"{url}: {found.total.errors or 'nothing was answered'}: {found.total.said}")
    p50, p99 = (
        found.total.latencies.percentile(percent) or found.total.latencies.largest for percent in (50, 99)
    )
    return Load(clients, found.rate, p50 * 1e3, p99 * 1e3)
