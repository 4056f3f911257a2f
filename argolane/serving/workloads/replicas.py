"""A Deployment in, its pods kept up out: started, replaced step by step, ended when nobody asks them."""

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from argolane.containers import addresses
from argolane.errors import ArgolaneError
from argolane.serving import crd, endpoints, store
from argolane.serving.pod import Pod
from argolane.serving.pods import PodPlan, digests
from argolane.serving.settings import Facts
from argolane.serving.spec import Component
from argolane.serving.status import trouble_of
from argolane.serving.store import SERVICE, Store
from argolane.serving.workloads import progress
from argolane.serving.workloads.rolling import Step, Wanted, step

# How long a request that a pod has begun may take when it is to end, and how often that is looked at.
_DRAIN, _LOOK = 10.0, 0.05
_HASH = "bcdfghjklmnpqrstvwxz2456789"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Replica:
    """A pod as the rollout counts it: available once it has been ready for minReadySeconds."""

    pod: Pod
    steady: float

    @property
    def ready(self) -> bool:
        return self.pod.ready

    @property
    def available(self) -> bool:
        since = self.pod.ready_since
        return self.ready and since is not None and time.monotonic() - since >= self.steady


class Replicas:
    """What a supervisor of a Deployment looks after."""

    def __init__(self, here: Store, changed: Callable[[], None]) -> None:
        self._here, self._changed = here, changed
        self._spec: dict[str, Any] = {}
        self._labels: dict[str, str] = {}
        self._plan: PodPlan | None = None
        self._generation = 0
        self._pods: list[Pod] = []
        self._leaving: dict[Pod, asyncio.Task[None]] = {}
        self._progress = progress.Progress()
        self._told: list[Any] = []
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """There is no port of a Deployment: its Services have them."""

    def want(self, record: dict[str, Any], generation: int) -> None:
        body = crd.fit(record["object"], store.DEPLOYMENT).value
        if reason := alone(body["spec"]):
            raise ArgolaneError(reason)
        self._spec, self._generation = body["spec"], generation
        template = self._spec["template"]
        component = Component.model_validate(
            {"spec": template["spec"], "metadata": template.get("metadata") or {}}
        )
        held = digests(component, record.get("code"))
        text = json.dumps([template, held], sort_keys=True)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        name = f"{body['metadata']['name']}-{_short(fingerprint)}"
        self._labels = dict(component.metadata.labels)
        self._plan = PodPlan(name, 0, 0, component, {}, fingerprint, addressed=True)
        self._progress.want(name)
        log.info("generation %d: %s, %d replicas", generation, name, self._wanted.replicas)

    def nudge(self) -> None:
        self._progress.nudge()
        for pod in self._pods:
            pod.nudge()

    def advance(self) -> None:
        """Steps until there is none to take before something changes."""
        if self._plan is None:
            return
        while True:
            new, old = self._counted()
            next_step: Step[Replica] = step(self._wanted, new, old, ending=len(self._leaving))
            if not next_step.start and not next_step.end:
                break
            for _ in range(next_step.start):
                self._start(self._plan)
            for replica in next_step.end:
                self._leave(replica.pod)
        self._wake_up_in_time(new)

    def status(self, previous: dict[str, Any]) -> dict[str, Any]:
        if self._plan is None:
            return previous
        new, old = self._counted()
        counts = progress.Counts.of(new, old)
        asked = self._plan.fingerprint
        if any(pod.plan.fingerprint != asked and self._is_routed(pod) for pod in self._leaving):
            # A rollout is complete when nobody is sent to the old pods any more, not a moment before.
            counts = replace(counts, updated=max(0, min(counts.updated, self._wanted.replicas - 1)))
        return self._progress.status(
            self._spec,
            self._wanted,
            counts,
            generation=self._generation,
            trouble=trouble_of([r.pod for r in new if not r.ready])[1],
            previous=previous,
        )

    def gone(self, previous: dict[str, Any], why: str) -> dict[str, Any]:
        return progress.gone(previous, why)

    def told(self) -> dict[str, Any]:
        """For Services: the pods, those that are to end among them."""
        found = [
            endpoint
            for pod in [*self._pods, *self._leaving]
            for endpoint in endpoints.of_pods([pod], _labels(pod), leaving=pod in self._leaving)
        ]
        self._told = found
        return {"endpoints": found, "pods": [endpoints.shown(pod) for pod in self._pods]}

    async def close(self) -> None:
        tasks = list(self._leaving.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*(pod.stop() for pod in [*self._pods, *self._leaving]))

    @property
    def _wanted(self) -> Wanted:
        wanted = Wanted.of(self._spec)
        # Pods that share an address share its ports, too: there is room for one.
        return replace(wanted, recreate=True) if addresses.available() else wanted

    def _counted(self) -> tuple[list[Replica], list[Replica]]:
        steady = float(self._spec.get("minReadySeconds") or 0)
        every = [Replica(pod, steady) for pod in self._pods]
        asked = self._plan.fingerprint if self._plan else ""
        new = [replica for replica in every if replica.pod.plan.fingerprint == asked]
        return new, [replica for replica in every if replica not in new]

    def _start(self, plan: PodPlan) -> None:
        metadata, spec = plan.component.metadata, self._spec["template"]["spec"]
        facts = Facts(
            namespace=self._here.namespace,
            labels=metadata.labels | {"pod-template-hash": _short(plan.fingerprint)},
            annotations=metadata.annotations,
            service_account=str(spec.get("serviceAccountName") or "default"),
            home=self._here.namespace,
        )
        pod = Pod(
            plan,
            root=self._here.project.root,
            folder=self._here.folder,
            facts=facts,
            changed=self._changed,
        )
        pod.start()
        self._pods.append(pod)
        log.info("pod %s: started", pod.name)

    def _leave(self, pod: Pod) -> None:
        """Out of the Services first, then its requests end, then the pod."""
        self._pods.remove(pod)
        task = asyncio.create_task(self._end(pod))
        self._leaving[pod] = task

        def gone(_: asyncio.Task[None]) -> None:
            self._leaving.pop(pod, None)
            self._changed()

        task.add_done_callback(gone)
        self._changed()

    async def _end(self, pod: Pod) -> None:
        deadline = time.monotonic() + _DRAIN
        routed = True
        while pod.ready and time.monotonic() < deadline and self._asked(pod):
            if routed and not (routed := self._is_routed(pod)):
                self._changed()
            await asyncio.sleep(_LOOK)
        self._changed()
        await pod.stop()

    def _asked(self, pod: Pod) -> bool:
        """Whether a Service may still have a request at the pod: those that live say when they have not."""
        if not any(e["pod"] == pod.name and e["leaving"] for e in self._told):
            return True
        return any(pod.name not in (said.get("drained") or ()) for said in self._services_of(pod))

    def _is_routed(self, pod: Pod) -> bool:
        """Whether a Service still sends new connections to the pod: it hears of its end a moment later."""
        return any(
            shown.split()[0] == pod.name
            for said in self._services_of(pod)
            for shown in said.get("endpoints") or ()
        )

    def _services_of(self, pod: Pod) -> Iterator[dict[str, Any]]:
        """What the Services say that live and select the pod."""
        project, namespace = self._here.project, self._here.namespace
        for name in store.names(project, SERVICE, namespace):
            here = Store(project, name, SERVICE, namespace)
            record = here.object()
            selector = record["object"]["spec"].get("selector") or {} if record else {}
            if selector and selector.items() <= _labels(pod).items() and here.alive():
                yield here.status() or {}

    def _wake_up_in_time(self, new: list[Replica]) -> None:
        """When a pod becomes available, or the deadline has passed, nothing else changes."""
        waits = [self._progress.left(self._spec)]
        now = time.monotonic()
        for replica in new:
            if replica.ready and not replica.available and replica.pod.ready_since is not None:
                waits.append(replica.pod.ready_since + replica.steady - now)
        if self._timer:
            self._timer.cancel()
        if (least := min(waits)) != float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.01, least + 0.01), self._changed)


def alone(spec: dict[str, Any]) -> str:
    """Why a Deployment cannot have more than one pod on this machine, if it asks for more; or ''."""
    reason = addresses.available() if spec.get("replicas", 1) > 1 else None
    if not reason:
        return ""
    return (
        f"spec.replicas is {spec['replicas']}; expected 1 on this machine, where pods share one address: "
        f"{reason}."
    )


def _labels(pod: Pod) -> dict[str, str]:
    return {**pod.plan.component.metadata.labels, "pod-template-hash": _short(pod.plan.fingerprint)}


def _short(fingerprint: str) -> str:
    """Ten letters, as in the name of a ReplicaSet."""
    number = int(fingerprint[:16], 16)
    letters = []
    for _ in range(10):
        number, place = divmod(number, len(_HASH))
        letters.append(_HASH[place])
    return "".join(letters)
