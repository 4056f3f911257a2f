"""Graph servers and units in, one page of metrics out: all that a deployment measures, at one address.

On a cluster Prometheus asks every container by itself and labels what it finds with `pod` and `container`
(k8s_setup/components/monitoring). Here the deployment's one port answers /metrics for all of them, with the
same labels, so that a query means the same in both places.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from argolane.serving.orchestrator.http1 import Connection
from argolane.serving.orchestrator.request_bytes import request_bytes, target, unpacked

PATH = "/metrics"
EXECUTOR = "seldon-container-engine"
"""The container that the operator adds to the first pod: on a cluster the executor runs in it."""
# A unit that computes answers late; Prometheus itself gives up after 10 s.
_PATIENCE = 5.0
_UP = "argolane_unit_metrics_up"


@dataclass(frozen=True)
class Unit:
    """Where a container tells its metrics."""

    pod: str
    container: str
    url: str


@dataclass(frozen=True)
class Page:
    """What one container told; `text` is None where it did not answer."""

    pod: str
    container: str
    text: str | None

    @property
    def labels(self) -> dict[str, str]:
        return {"pod": self.pod, "container": self.container}


async def ask(units: Iterable[Unit]) -> list[Page]:
    """All at once; one that does not answer in time is left out, and told as such."""
    return list(await asyncio.gather(*(_ask(unit) for unit in units)))


async def _ask(unit: Unit) -> Page:
    text = None
    try:
        to = target(unit.url)
        async with asyncio.timeout(_PATIENCE):
            connection = await Connection.dial(to.address)
            try:
                response = await connection.exchange(request_bytes("GET", to, None, b""))
            finally:
                connection.close()
        if response.status == 200:
            text = unpacked(response).decode(errors="replace")
    except (OSError, TimeoutError):
        pass
    return Page(unit.pod, unit.container, text)


def merged(pages: Sequence[Page]) -> bytes:
    """One page of several: each family once, each sample with the pod and the container that told it.

    A page that cannot be read counts as one that did not answer. A name that means two types of metric
    keeps its samples and loses its type.
    """
    # 20 ms of imports, which only those pay who look.
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.metrics_core import Metric
    from prometheus_client.parser import text_string_to_metric_families

    families: dict[str, Metric] = {}
    up = GaugeMetricFamily(_UP, "Whether a container told its metrics", labels=("pod", "container"))
    for page in pages:
        try:
            found = list(text_string_to_metric_families(page.text)) if page.text is not None else None
        except ValueError:
            found = None
        up.add_metric((page.pod, page.container), found is not None)
        for family in found or ():
            whole = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            if whole.type != family.type:
                whole.type = "unknown"
            whole.samples += [
                sample._replace(labels=sample.labels | page.labels) for sample in family.samples
            ]

    class _All:
        def collect(self) -> Iterable[Metric]:
            return [*families.values(), up]

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_All())  # all that it asks of a collector is collect()
    return generate_latest(registry)
