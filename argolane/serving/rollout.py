"""What is wanted in, pods replaced without a failed request out: the old version answers until the new can.

A pod stays when the new version asks for one just like it; so a change of the graph alone (a ratio, say)
switches at once, and going back to the version that still serves costs nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from argolane.serving import grpc_asked, pods
from argolane.serving.front import Backend, Front
from argolane.serving.graph import graph_of
from argolane.serving.metrics import Unit
from argolane.serving.orchestrator.server import LARGEST_REQUEST, GraphServer
from argolane.serving.pod import Pod
from argolane.serving.ports import HOST
from argolane.serving.spec import SeldonDeployment

# How long a request that an old version has begun may take.
_DRAIN = 30.0
# The same when the deployment is deleted.
_HURRY = 5.0

log = logging.getLogger(__name__)


class Version:
    """One generation of the deployment, and the pods that it runs on (shared with others where equal)."""

    def __init__(self, deployment: SeldonDeployment, generation: int, running: list[Pod]) -> None:
        self.deployment = deployment
        self.graph = graph_of(deployment)
        self.generation = generation
        self.pods = running
        self.backends: list[Backend] = []
        self.trouble = ""

    @property
    def ready(self) -> bool:
        return not self.trouble and all(pod.ready for pod in self.pods)


class Rollout:
    """The wanted version, the one that serves, and the way from one to the other."""

    def __init__(
        self,
        make: Callable[[SeldonDeployment, pods.PodPlan], Pod],
        *,
        largest_request: int = LARGEST_REQUEST,
    ) -> None:
        self._make = make
        self._largest_request = largest_request
        self.wanted: Version | None = None
        self.serving: Version | None = None
        self._farewells: set[asyncio.Task[None]] = set()

    def want(
        self, deployment: SeldonDeployment, generation: int, code: Mapping[str, Any] | None = None
    ) -> None:
        """Start the pods that are not there yet; the version wanted before is given up unless it serves."""
        there = list(dict.fromkeys(self._all_pods()))
        chosen: list[Pod] = []
        for plan in pods.plan(deployment, code):
            same = [pod for pod in there if pod not in chosen and pod.plan.same(plan)]
            chosen.append(same[0] if same else self._make(deployment, plan))
        new = [pod for pod in chosen if pod not in there]
        abandoned, self.wanted = self.wanted, Version(deployment, generation, chosen)
        for pod in new:
            pod.start()
        log.info("generation %d: %d pods, %d of them new", generation, len(chosen), len(new))
        if abandoned and abandoned is not self.serving:
            self._retire(abandoned)

    def nudge(self) -> None:
        for pod in self._all_pods():
            pod.nudge()

    def advance(self, front: Front) -> None:
        """Switch to the wanted version once all its pods are ready."""
        wanted = self.wanted
        if wanted is None or wanted is self.serving or not wanted.ready:
            return
        try:
            wanted.backends = _backends(wanted, self._largest_request)
        except Exception as error:
            log.exception("generation %d: its graph server does not start", wanted.generation)
            wanted.trouble = f"The graph server does not start: {error}"
            return
        before, self.serving = self.serving, wanted
        front.backends, front.scaled_to_nothing = wanted.backends, not wanted.pods
        log.info("generation %d serves", wanted.generation)
        if before:
            self._retire(before)

    async def end(self) -> None:
        backends = self.serving.backends if self.serving else []
        await asyncio.gather(
            _end(backends, set(self._all_pods()), patience=0),
            # What an old version owes for longer than this, it owes for ever: it ends with this process.
            *(asyncio.wait({task}, timeout=_HURRY) for task in self._farewells),
        )

    def _all_pods(self) -> list[Pod]:
        return [pod for version in (self.serving, self.wanted) if version for pod in version.pods]

    def _retire(self, version: Version) -> None:
        needed = set(self._all_pods())
        leaving = {pod for pod in version.pods if pod not in needed}
        task = asyncio.create_task(_end(version.backends, leaving, patience=_DRAIN))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)


async def _end(backends: list[Backend], leaving: set[Pod], *, patience: float) -> None:
    """Let the requests end, then the pods."""
    await asyncio.gather(*(backend.close(patience=patience) for backend in backends))
    await asyncio.gather(*(pod.stop() for pod in leaving))


def _backends(version: Version, largest: int) -> list[Backend]:
    """A graph server for each replica of the first componentSpec, where the operator puts it."""
    first = [pod for pod in version.pods if pod.plan.index == 0]
    replicas = len(first) if version.deployment.predictor.component_specs else 1
    return [
        _backend(version, _pods_of_replica(version.pods, replica), largest) for replica in range(replicas)
    ]


def _pods_of_replica(running: list[Pod], replica: int) -> list[Pod]:
    """One pod of each component: componentSpecs may differ in replicas, then some pods serve several."""
    by_component: dict[int, list[Pod]] = {}
    for pod in running:
        by_component.setdefault(pod.plan.index, []).append(pod)
    return [each[replica % len(each)] for each in by_component.values()]


def _backend(version: Version, beside: list[Pod], largest: int) -> Backend:
    endpoints = {
        unit: f"http://{HOST}:{unit_ports.http}" for pod in beside for unit, unit_ports in pod.ports.items()
    }
    by_grpc = {unit: f"{HOST}:{held.grpc}" for pod in beside for unit, held in pod.ports.items()}
    own = grpc_asked.own_ports(version.deployment)
    server = GraphServer(
        version.graph,
        endpoints,
        namespace=version.deployment.metadata.namespace,
        deployment=version.deployment.metadata.name,
        images=pods.images(version.deployment),
        largest_request=largest,
        dialled={unit: at for unit, at in by_grpc.items() if unit in own},
    )
    rpc = None
    if grpc_asked.of(version.deployment):
        from argolane.serving.orchestrator.rpc.graph import RpcGraph

        rpc = RpcGraph(version.graph, by_grpc, metrics=server.measured, largest=largest)
    units = [Unit(pod.name, unit, url) for pod in beside for unit, url in pod.metrics.items()]
    name = beside[0].name if beside else ""
    return Backend(server, ready=lambda: all(pod.ready for pod in beside), rpc=rpc, pod=name, units=units)
