"""A pod plan in, running containers out: started, probed, started again with a growing delay when they die.

What the kubelet does for one pod: its initContainers first, one after another. A pod lives in the
supervisor's event loop and calls `changed` whenever its readiness or its trouble changes.
"""

import asyncio
import contextlib
import logging
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from argolane.containers import addresses, images, sandbox
from argolane.containers.process import Process
from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import own_probes, probe, settings
from argolane.serving.logs import begins, tail
from argolane.serving.pods import PodPlan
from argolane.serving.ports import HOST, Held, Ports
from argolane.serving.spec import Container
from argolane.serving.store import mark_ended, project_at

# As Kubernetes makes up names: nothing that reads as a word.
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
# How long a container that nobody probes has to run before it counts.
_SEEN = 0.3
# Time for a container that serves nobody any more to end itself.
_LAST_WORDS = 1.0
# A container that was ready this long before it died starts anew with the first delay.
_STEADY = 60.0


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """Where a container stands: `reason` in the kubelet's words, `lines` the last of its log, if it died."""

    reason: str
    message: str = ""
    lines: tuple[str, ...] = ()
    log: str = ""
    ready: bool = False
    failures: int = 0
    code: int | None = None


class Pod:
    """One pod; `start()` it, `await stop()` it."""

    def __init__(self, plan: PodPlan, *, root: Path, folder: Path, facts: settings.Facts,
                 changed: Callable[[], None]) -> None:  # fmt: skip
        self.plan = plan
        self.name = f"{plan.deployment}-{''.join(secrets.choice(_LETTERS) for _ in range(5))}"
        self.address = HOST
        self.restarts = dict.fromkeys((c.name for c in (*plan.first, *plan.containers)), 0)
        self.ready_since: float | None = None
        """By time.monotonic, while it is."""
        self._root = root
        self._logs = folder / "logs" / self.name
        self._volumes = folder / "pods" / self.name
        self._facts = replace(facts, pod=self.name)
        self._changed = changed
        self._held = {c.name: Held() for c in plan.units}
        begun = "PodInitializing" if plan.first else "ContainerCreating"
        self._states = {c.name: State(begun) for c in plan.containers}
        self._first: dict[str, State] = {}
        self.last: dict[str, int] = {}
        """How containers ended that have run before."""
        self.started: set[str] = set()
        """Containers that run, and whose startup probe, if any, has succeeded."""
        self._initialised = asyncio.Event()
        self._claim: addresses.Claim | None = None
        self._processes: dict[str, Process] = {}
        self._made: dict[str, sandbox.Container] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._nudged = asyncio.Event()

    @property
    def ready(self) -> bool:
        return all(state.ready for state in self._states.values())

    @property
    def initialised(self) -> bool:
        """Whether all initContainers have ended well."""
        return self._initialised.is_set()

    @property
    def ports(self) -> dict[str, Ports]:
        return {name: held.ports for name, held in self._held.items()}

    @property
    def states(self) -> dict[str, State]:
        """Of its containers; of its initContainers while they are not done."""
        return dict(self._states if self._initialised.is_set() else {**self._first, **self._states})

    def log(self, container: str) -> Path:
        return self._logs / f"{container}.txt"

    def start(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        if self.plan.addressed and addresses.available() is None:
            self._claim = addresses.claim(f"{self._root}/{self.name}")
            self.address = self._claim.address
        self._facts = replace(self._facts, address=self.address)
        self._tasks.append(asyncio.create_task(self._initialise()))
        for container in self.plan.containers:
            self._tasks.append(asyncio.create_task(self._keep(container)))

    def nudge(self) -> None:
        """Somebody applied again: what failed may have been mended, so try now and not after the delay."""
        self._nudged.set()

    async def stop(self) -> None:
        """End the containers, with SIGTERM first, and forget the pod's own volumes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        processes = list(self._processes.values())
        await asyncio.gather(*(asyncio.to_thread(p.terminate, self.plan.grace) for p in processes))
        for held in self._held.values():
            held.let_go()
        if self._claim:
            self._claim.release()
        await asyncio.to_thread(shutil.rmtree, self._volumes, ignore_errors=True)
        mark_ended(self._logs)
        log.info("pod %s: ended", self.name)

    async def _initialise(self) -> None:
        """Each initContainer until it has ended well once; the next one only then."""
        for container in self.plan.first:
            self._first[container.name] = State("PodInitializing", f"Init container {container.name!r} runs.")
            await self._keep(container, first=True)
            del self._first[container.name]
        self._initialised.set()

    async def _keep(self, container: Container, *, first: bool = False) -> None:
        failures = 0
        if not first:
            await self._initialised.wait()
        while True:
            started = time.monotonic()
            try:
                state = await self._run_once(container, failures)
            except Exception as error:
                # A fault of ours must show, too: a task that ends in silence is a pod that never comes up.
                log.exception("pod %s", self.name)
                state = State("RunContainerError", f"{type(error).__name__}: {error}")
            if first and state.code == 0:
                return
            if state.ready and time.monotonic() - started > _STEADY:
                failures = 0
            failures += 1
            delay = min(_FIRST_DELAY * 2 ** (failures - 1), _LONGEST_DELAY)
            if first:
                crashed = "Error" if failures == 1 else "CrashLoopBackOff"
                state = replace(state, reason=f"Init:{state.reason if state.code is None else crashed}")
            self._set(container, replace(state, ready=False, failures=failures))
            log.info("pod %s: %s: %s Trying again in %g s.", self.name, state.reason, state.message, delay)
            self._nudged.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._nudged.wait()
            self.restarts[container.name] += state.code is not None

    async def _run_once(self, container: Container, failures: int) -> State:
        """One life of a container: how it ended, `ready` if it ever was."""
        loop = asyncio.get_running_loop()

        def say(text: str) -> None:
            log.info("%s", text)
            loop.call_soon_threadsafe(
                self._set, container, State("ContainerCreating", text, failures=failures)
            )

        try:
            # Read anew for each start: argolane.toml may have learnt an image since.
            project = project_at(self._root)
            image = await asyncio.to_thread(images.prepare, project, container.image, say=say)
        except (ArgolaneError, OSError) as error:
            never = container.image_pull_policy == "Never"
            return _refused("ErrImageNeverPull" if never else "ErrImagePull", error)
        output = self.log(container.name)
        begin = output.stat().st_size if output.exists() else 0
        begins(output, begin)
        try:
            made = await asyncio.to_thread(self._made_of, project, container, image)
        except (ArgolaneError, OSError) as error:
            return _refused("CreateContainerConfigError", error)
        try:
            process = await asyncio.to_thread(sandbox.start, made, stdout=output, stderr="stdout")
        except (ArgolaneError, OSError) as error:
            return _refused("CreateContainerError", error)
        self._processes[container.name] = process
        why = await self._watch(container, process, failures)
        ready = container.name in self._states and self._states[container.name].ready
        code = await asyncio.to_thread(process.terminate, min(self.plan.grace, _LAST_WORDS))
        message = f"Container {container.name!r} ended with exit code {code}."
        if why:
            message = f"Container {container.name!r} {why}, and was ended ({code})."
        del self._processes[container.name]
        self.started.discard(container.name)
        self.last[container.name] = code
        lines = tuple(tail(output, start=begin))
        return State("CrashLoopBackOff", message, lines, self.shown(output), ready, code=code)

    async def _watch(self, container: Container, process: Process, failures: int) -> str:
        """Until it ends, or is to be ended, and then why; notes meanwhile when it is ready."""
        # Before its file is watched: an end that came with the beginning makes nothing readable any more.
        if process.poll() is not None:
            return ""
        ended, started = asyncio.Event(), asyncio.Event()
        loop, file = asyncio.get_running_loop(), process.fileno()
        loop.add_reader(file, ended.set)
        dying = asyncio.create_task(self._doomed(container, failures, started))
        ends: set[asyncio.Task[Any]] = {asyncio.create_task(ended.wait()), dying}
        tasks = set(ends)
        if container.name in self._states:
            tasks.add(asyncio.create_task(self._note_readiness(container, failures, started)))
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return "" if ended.is_set() else dying.result()
        finally:
            loop.remove_reader(file)
            for task in tasks | ends:
                task.cancel()
            await asyncio.gather(*tasks, *ends, return_exceptions=True)

    async def _doomed(self, container: Container, failures: int, started: asyncio.Event) -> str:
        """Returns why the container is to be ended, if ever; says when its startup probe has succeeded."""
        begun = time.monotonic()
        if container.startup_probe:
            async for result in self._probed(container, container.startup_probe, begun):
                if result.well:
                    break
                if result.well is False:
                    return f"failed its startup probe ({result.why})"
                self._waits(container, failures, f"Startup probe failed: {result.why}")
        started.set()
        self.started.add(container.name)
        if container.liveness_probe:
            async for result in self._probed(container, container.liveness_probe, begun):
                if result.well is False:
                    return f"failed its liveness probe ({result.why})"
        elif container.name in self._held:
            port = self._held[container.name].ports.http
            await probe.deaf(port, ready=lambda: self._states[container.name].ready)
            return "stopped listening on its port"
        await asyncio.Event().wait()
        return ""

    def _probed(
        self, container: Container, given: dict[str, Any], begun: float
    ) -> AsyncIterator[own_probes.Result]:
        held = self._held.get(container.name)
        places = own_probes.Places(
            container.ports,
            held.ports if held else None,
            self.plan.numbers.get(container.name, 0),
            self.address,
        )
        asking = own_probes.check(given, places, self._made[container.name])
        return own_probes.results(asking, own_probes.Numbers.of(given), begun=begun)

    def _waits(self, container: Container, failures: int, why: str) -> None:
        # After a failure its reason stays to be read until the container is ready.
        if not failures or self._states[container.name].ready:
            told = f"Container {container.name!r} is not ready. {why.rstrip('.')}."
            self._set(container, State("ContainersNotReady", told, failures=failures))

    async def _note_readiness(self, container: Container, failures: int, started: asyncio.Event) -> None:
        """By its own probe; without one a unit is ready when it answers, and what is no unit at once."""
        begun = time.monotonic()
        await started.wait()
        if container.readiness_probe:
            async for result in self._probed(container, container.readiness_probe, begun):
                if result.well:
                    self._set(container, State("Running", ready=True, failures=failures))
                elif result.well is False or not self._states[container.name].ready:
                    self._waits(container, failures, f"Readiness probe failed: {result.why or 'not yet'}")
        elif container.name in self._held:
            port = self._held[container.name].ports.http
            waiting = (
                f"Container {container.name!r} does not answer yet on port {port}, its "
                "PREDICTIVE_UNIT_HTTP_SERVICE_PORT."
            )
            # After a failure its reason stays to be read until the container is ready.
            if not failures:
                self._set(container, State("ContainersNotReady", waiting))
            await probe.answers(port)
        else:
            # The kubelet takes longer to see that one runs: what dies at once never was up.
            await asyncio.sleep(_SEEN)
        self._set(container, State("Running", ready=True, failures=failures))

    def _made_of(self, project: Project, container: Container, image: images.Image) -> sandbox.Container:
        ports = self._held[container.name].ports if container.name in self._held else None
        made = settings.container(self.plan, container, image, project=project, volumes=self._volumes,
                                  facts=self._facts, ports=ports)  # fmt: skip
        self._made[container.name] = made
        return made

    def shown(self, path: Path) -> str:
        return str(path.relative_to(self._root) if path.is_relative_to(self._root) else path)

    def _set(self, container: Container, state: State) -> None:
        states = self._states if container.name in self._states else self._first
        if states.get(container.name) != state:
            states[container.name] = state
            if not self.ready:
                self.ready_since = None
            elif self.ready_since is None:
                self.ready_since = time.monotonic()
            self._changed()


def _refused(reason: str, error: Exception) -> State:
    first, *more = str(error).splitlines() or [type(error).__name__]
    return State(reason, first, tuple(line.strip() for line in more))
