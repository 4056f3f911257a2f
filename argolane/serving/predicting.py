"""A SeldonDeployment in, its pods behind its one port out: what operator, kubelet and a Service do for it."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from argolane.kubernetes.objects import of_namespace
from argolane.serving import endpoints, grpc_asked, pods, ports, status
from argolane.serving.check import read
from argolane.serving.front import Front
from argolane.serving.graph import graph_of
from argolane.serving.orchestrator.listener import Listener
from argolane.serving.orchestrator.rpc_port import RpcPort
from argolane.serving.pod import Pod
from argolane.serving.rollout import Rollout
from argolane.serving.servers import filled
from argolane.serving.settings import Facts, largest_request
from argolane.serving.spec import SeldonDeployment
from argolane.serving.store import Store, project_at

# How long a request that has begun may take when the deployment is deleted.
_DRAIN = 10.0


class Predicting:
    """What a supervisor of a SeldonDeployment looks after."""

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self._store, self._changed = store, changed
        self._largest, last = largest_request(store.project), store.status() or {}
        self._rollout = Rollout(self._new_pod, largest_request=self._largest)
        self._front = Front(store.name)
        self._rpc = RpcPort(
            lambda: self._front, changed=changed, wanted=last.get("grpc_port") or 0, other=True
        )
        self._socket = ports.listening(last.get("port"))
        self._listener = Listener(self._front, self._socket, patience=_DRAIN)

    async def open(self) -> None:
        await self._listener.open()

    def want(self, record: dict[str, Any], generation: int) -> None:
        # Read anew: argolane.toml may have learnt a server since.
        servers = project_at(self._store.project.root).settings.server
        deployment = filled(read(record["object"]), servers)
        self._rollout.want(deployment, generation, record.get("code"))
        if grpc_asked.of(deployment):
            self._rpc.want(max(self._largest, graph_of(deployment).largest_message or 0))

    def advance(self) -> None:
        if not self._rpc.opening:
            self._rollout.advance(self._front)

    def nudge(self) -> None:
        self._rollout.nudge()

    def status(self, previous: dict[str, Any]) -> dict[str, Any]:
        rollout = self._rollout
        if rollout.wanted is None:
            return status.creating(previous)
        return status.of(
            rollout.wanted.deployment,
            rollout.wanted.pods,
            port=self._port,
            grpc_port=self._grpc_port,
            switched=rollout.wanted is rollout.serving,
            other_serves=rollout.serving not in (None, rollout.wanted),
            trouble=rollout.wanted.trouble or (self._rpc.trouble if self._asks else ""),
            previous=previous,
        )

    def gone(self, previous: dict[str, Any], why: str) -> dict[str, Any]:
        return status.gone(previous, why)

    def told(self) -> dict[str, Any]:
        """For whoever reads the status file: the port, and where a Service finds its pods."""
        serving = self._rollout.serving
        wanted = self._rollout.wanted
        shown = list(dict.fromkeys(pod for v in (wanted, serving) if v for pod in v.pods))
        found = (
            endpoints.of_predictor(serving.deployment, serving.pods, self._port, self._grpc_port)
            if serving
            else []
        )
        return {
            "port": self._port,
            "grpc_port": self._rpc.port,
            "endpoints": found,
            "pods": [endpoints.shown(pod) for pod in shown],
        }

    async def close(self) -> None:
        try:
            await asyncio.gather(self._listener.close(), self._rpc.close(patience=_DRAIN))
        finally:
            await self._rollout.end()

    @property
    def _asks(self) -> bool:
        """Whether the version asked for is to be asked over gRPC."""
        return self._rollout.wanted is not None and grpc_asked.of(self._rollout.wanted.deployment)

    @property
    def _grpc_port(self) -> int:
        """0 where nobody asks for one."""
        return self._rpc.port if self._asks else 0

    @property
    def _port(self) -> int:
        with contextlib.suppress(OSError):
            return int(self._socket.getsockname()[1])
        return 0

    def _new_pod(self, deployment: SeldonDeployment, plan: pods.PodPlan) -> Pod:
        # Before there were namespaces here, everybody had the project's objects.
        named = deployment.metadata.namespace
        project = self._store.project
        home = named if named and of_namespace(project, named).exists() else ""
        facts = Facts(
            namespace=named,
            labels=plan.component.metadata.labels,
            annotations=plan.component.metadata.annotations,
            home=home,
        )
        return Pod(plan, root=project.root, folder=self._store.folder, facts=facts, changed=self._changed)
