"""A pod plan in, running containers out: started, probed, started again with a growing delay when they die.

What the kubelet does for one pod of a SeldonDeployment. A pod lives in the supervisor's event loop and calls
`changed` whenever its readiness or its trouble changes.
"""

import asyncio
import contextlib
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from argolane.containers import images, sandbox
from argolane.containers.process import Process
from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import probe, settings
from argolane.serving.logs import tail
from argolane.serving.pods import PodPlan, Ports
from argolane.serving.ports import Held
from argolane.serving.spec import Container

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
# A container that was ready this long before it died starts anew with the first delay.
_STEADY = 60.0


@dataclass(frozen=True)
class State:
    """Where a container stands: `reason` in the kubelet's words, `failures` in a row."""

    reason: str
    message: str = ""
    ready: bool = False
    failures: int = 0


class Pod:
    """One pod; `start()` it, `await stop()` it."""

    def __init__(self, plan: PodPlan, *, project: Project, folder: Path, facts: settings.Facts,
                 changed: Callable[[], None], say: Callable[[str], None]) -> None:  # fmt: skip
        self.plan = plan
        self.name = f"{plan.deployment}-{secrets.token_hex(3)}"
        self._project = project
        self._logs = folder / "logs" / self.name
        self._volumes = folder / "pods" / self.name
        self._facts = replace(facts, pod=self.name)
        self._changed = changed
        self._say = say
        self._held = {c.name: Held() for c in plan.units}
        self._states = {c.name: State("ContainerCreating") for c in plan.component.spec.containers}
        self._processes: dict[str, Process] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> bool:
        return all(state.ready for state in self._states.values())

    @property
    def ports(self) -> dict[str, Ports]:
        return {name: held.ports for name, held in self._held.items()}

    @property
    def states(self) -> dict[str, State]:
        return dict(self._states)

    def log(self, container: str) -> Path:
        return self._logs / f"{container}.txt"

    def start(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        for container in self.plan.component.spec.containers:
            self._tasks.append(asyncio.create_task(self._keep(container)))

    async def stop(self) -> None:
        """End the containers, with SIGTERM first, and forget the pod's own volumes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        processes = list(self._processes.values())
        await asyncio.gather(*(asyncio.to_thread(p.terminate, self.plan.grace) for p in processes))
        for held in self._held.values():
            held.let_go()
        await asyncio.to_thread(shutil.rmtree, self._volumes, ignore_errors=True)
        self._say(f"pod {self.name}: ended")

    async def _keep(self, container: Container) -> None:
        failures = 0
        while True:
            started = time.monotonic()
            reason, message, was_ready = await self._run_once(container, failures)
            if was_ready and time.monotonic() - started > _STEADY:
                failures = 0
            failures += 1
            delay = min(_FIRST_DELAY * 2 ** (failures - 1), _LONGEST_DELAY)
            self._set(container, State(reason, message, failures=failures))
            self._say(f"pod {self.name}: {message.splitlines()[0]} Trying again in {delay:g} s.")
            await asyncio.sleep(delay)

    async def _run_once(self, container: Container, failures: int) -> tuple[str, str, bool]:
        """One life of a container: why it ended (reason, message), and if it ever was ready."""
        try:
            image = await asyncio.to_thread(images.prepare, self._project, container.image, say=self._say)
        except (ArgolaneError, OSError) as error:
            return "ErrImagePull", f"Image {container.image!r} cannot be had: {error}", False
        log = self.log(container.name)
        begin = log.stat().st_size if log.exists() else 0
        try:
            process = await asyncio.to_thread(self._launch, container, image)
        except (ArgolaneError, OSError) as error:
            return "CreateContainerError", f"Container {container.name!r} cannot be made: {error}", False
        self._processes[container.name] = process
        ended = asyncio.Event()
        loop, file = asyncio.get_running_loop(), process.fileno()
        loop.add_reader(file, ended.set)
        try:
            ready = await self._until_ready(container, ended, failures)
            if ready:
                self._set(container, State("Running", ready=True, failures=failures))
            await ended.wait()
        finally:
            loop.remove_reader(file)
        code = await asyncio.to_thread(process.wait)
        del self._processes[container.name]
        message = f"Container {container.name!r} ended with exit code {code}. Log: {log}"
        return "CrashLoopBackOff", "\n".join([message, *tail(log, start=begin)]), ready

    def _launch(self, container: Container, image: images.Image) -> Process:
        ports = self._held[container.name].ports if container.name in self._held else None
        made = settings.container(self.plan, container, image, project=self._project, volumes=self._volumes,
                                  facts=self._facts, ports=ports)  # fmt: skip
        return sandbox.start(made, stdout=self.log(container.name), stderr="stdout")

    async def _until_ready(self, container: Container, ended: asyncio.Event, failures: int) -> bool:
        """True when a unit answers, or at once for a container that is no unit; False when it ended first."""
        if container.name not in self._held:
            return True
        port = self._held[container.name].ports.http
        what = (
            f"Container {container.name!r} does not answer yet on port {port}, its "
            "PREDICTIVE_UNIT_HTTP_SERVICE_PORT."
        )
        self._set(container, State("ContainersNotReady", what, failures=failures))
        answering, dying = asyncio.create_task(probe.answers(port)), asyncio.create_task(ended.wait())
        try:
            await asyncio.wait({answering, dying}, return_when=asyncio.FIRST_COMPLETED)
            return not ended.is_set()
        finally:
            for task in (answering, dying):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _set(self, container: Container, state: State) -> None:
        if self._states[container.name] != state:
            self._states[container.name] = state
            self._changed()
