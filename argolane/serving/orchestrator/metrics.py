"""Durations of requests and of calls to nodes in, Prometheus text out: the executor's names and labels.

One histogram and one summary for each of the two. Written by hand: two metrics need no client library.
"""

import bisect
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from argolane.serving.graph import Graph

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.999)
# A quantile is taken over so many of the last observations.
_REMEMBERED = 1024


@dataclass(slots=True)
class _Series:
    buckets: list[int] = field(default_factory=lambda: [0] * len(_BUCKETS))
    count: int = 0
    total: float = 0.0
    last: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def observe(self, seconds: float) -> None:
        at = bisect.bisect_left(_BUCKETS, seconds)
        if at < len(_BUCKETS):
            self.buckets[at] += 1
        self.count += 1
        self.total += seconds
        self.last.append(seconds)


class Metrics:
    """Of one graph server."""

    def __init__(self, graph: Graph, *, deployment: str, images: Mapping[str, str]) -> None:
        self._common = {
            "deployment_name": deployment,
            "predictor_name": graph.predictor,
            "predictor_version": graph.version,
        }
        self._images = images
        self._answered: dict[tuple[str, str, int | str], _Series] = {}
        self._called: dict[tuple[str, str, str, int | str], _Series] = {}

    def answered(self, service: str, method: str, status: int | str, seconds: float) -> None:
        """A request of a client, by the last part of its path; over gRPC `unary`, and the code's name."""
        key = (service, method, status)
        series = self._answered.get(key) or self._answered.setdefault(key, _Series())
        series.observe(seconds)

    def called(self, node: str, path: str, method: str, status: int | str, seconds: float) -> None:
        key = (node, path, method, status)
        series = self._called.get(key) or self._called.setdefault(key, _Series())
        series.observe(seconds)

    def render(self) -> bytes:
        server = [
            (self._labels(service=service, method=method.lower(), code=str(status)), series)
            for (service, method, status), series in sorted(self._answered.items())
        ]
        client = [
            (self._labels(service=path, method=method.lower(), code=str(status), **self._model(node)), series)
            for (node, path, method, status), series in sorted(self._called.items())
        ]
        lines = [
            *_exposed("seldon_api_executor_client_requests_seconds", "calls to nodes", client),
            *_exposed("seldon_api_executor_server_requests_seconds", "requests of clients", server),
        ]
        return "".join(f"{line}\n" for line in lines).encode()

    def _model(self, node: str) -> dict[str, str]:
        image, version = split_image(self._images.get(node, ""))
        return {"model_name": node, "model_image": image, "model_version": version}

    def _labels(self, **labels: str) -> dict[str, str]:
        return self._common | labels


def split_image(reference: str) -> tuple[str, str]:
    """`registry:5000/demo/m:2` -> (`registry:5000/demo/m`, `2`)."""
    name, colon, tag = reference.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (reference, "")


def _exposed(name: str, what: str, items: list[tuple[dict[str, str], _Series]]) -> Iterator[str]:
    if not items:
        return
    yield f"# HELP {name} A histogram of the durations of {what}"
    yield f"# TYPE {name} histogram"
    for labels, series in items:
        below = 0
        for bound, count in zip(_BUCKETS, series.buckets, strict=True):
            below += count
            yield f"{name}_bucket{_text(labels | {'le': _plain(bound)})} {below}"
        yield f"{name}_bucket{_text(labels | {'le': '+Inf'})} {series.count}"
        yield f"{name}_sum{_text(labels)} {series.total!r}"
        yield f"{name}_count{_text(labels)} {series.count}"
    yield f"# HELP {name}_summary A summary of the durations of {what}"
    yield f"# TYPE {name}_summary summary"
    for labels, series in items:
        ranked = sorted(series.last)
        for quantile in _QUANTILES:
            value = ranked[min(int(quantile * len(ranked)), len(ranked) - 1)]
            yield f"{name}_summary{_text(labels | {'quantile': _plain(quantile)})} {value!r}"
        yield f"{name}_summary_sum{_text(labels)} {series.total!r}"
        yield f"{name}_summary_count{_text(labels)} {series.count}"


def _plain(number: float) -> str:
    return f"{number:g}"


def _text(labels: Mapping[str, str]) -> str:
    escaped = (
        (name, value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n"))
        for name, value in sorted(labels.items())
    )
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped) + "}"
