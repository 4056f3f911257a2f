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
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from argolane.containers import addresses, images, sandbox
from argolane.containers.process import Process
from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import initializer, own_probes, settings
from argolane.serving.logs import begins, tail
from argolane.serving.pods import PodPlan
from argolane.serving.ports import HOST, Held, Ports
from argolane.serving.servers import INITIALIZER
from argolane.serving.spec import Container
from argolane.serving.store import mark_ended, project_at
from argolane.serving.watching import State, Watch

# As Kubernetes makes up names: nothing that reads as a word.
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
# Time for a container that serves nobody any more to end itself.
_LAST_WORDS = 1.0
# A container that was ready this long before it died starts anew with the first delay.
_STEADY = 60.0


log = logging.getLogger(__name__)


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
    def metrics(self) -> dict[str, str]:
        """Where its units tell what they measure."""
        paths = {c.name: self.plan.metrics_path(c) for c in self.plan.units}
        return {name: f"http://{HOST}:{ports.metrics}{paths[name]}" for name, ports in self.ports.items()}

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
            if container.image == INITIALIZER:
                image = await asyncio.to_thread(initializer.image, project, container.args, say=say)
                container = container.model_copy(update={"command": list(image.command)})
            else:
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
        first = container.name not in self._states
        why = await self._watch(container, made, failures).end(process, first=first)
        ready = not first and self._states[container.name].ready
        code = await asyncio.to_thread(process.terminate, min(self.plan.grace, _LAST_WORDS))
        message = f"Container {container.name!r} ended with exit code {code}."
        if process.ended and process.ended.reason != "Error":
            more = process.ended.message or "it wanted more memory than its limits.memory"
            message = (
                f"Container {container.name!r} ended with exit code {code}, {process.ended.reason}: {more}."
            )
        if why:
            message = f"Container {container.name!r} {why}, and was ended ({code})."
        del self._processes[container.name]
        self.started.discard(container.name)
        self.last[container.name] = code
        lines = tuple(tail(output, start=begin))
        return State("CrashLoopBackOff", message, lines, self.shown(output), ready, code=code)

    def _watch(self, container: Container, made: sandbox.Container, failures: int) -> Watch:
        held = self._held.get(container.name)
        places = own_probes.Places(
            container.ports,
            held.ports if held else None,
            self.plan.numbers.get(container.name, 0),
            self.address,
            container.name in self.plan.grpc,
        )
        return Watch(
            container,
            made=made,
            places=places,
            failures=failures,
            state=lambda: self._states[container.name],
            note=lambda state: self._set(container, state),
            started=lambda: self.started.add(container.name),
        )

    def _made_of(self, project: Project, container: Container, image: images.Image) -> sandbox.Container:
        ports = self._held[container.name].ports if container.name in self._held else None
        return settings.container(self.plan, container, image, project=project, volumes=self._volumes,
                                  facts=self._facts, ports=ports)  # fmt: skip

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
