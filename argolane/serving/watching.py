"""A container that runs in, why it is to be ended out, if ever; meanwhile its readiness is noted.

One life of a container: what the kubelet does with its probes, and what stands for them where it has none.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from argolane.containers import sandbox
from argolane.containers.process import Process
from argolane.serving import own_probes, probe
from argolane.serving.spec import Container

# How long a container that nobody probes has to run before it counts.
_SEEN = 0.3


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


class Watch:
    """`note` is told the states of the container, `state` says the last; `started`: it runs and is up.

    `failures` is how often it has died before. An init container is no matter of readiness.
    """

    def __init__(
        self,
        container: Container,
        *,
        made: sandbox.Container,
        places: own_probes.Places,
        failures: int,
        state: Callable[[], State],
        note: Callable[[State], None],
        started: Callable[[], None],
    ) -> None:
        self._container, self._made, self._places = container, made, places
        self._failures, self._state, self._note = failures, state, note
        self._tell_started = started
        self._started = asyncio.Event()

    async def end(self, process: Process, *, first: bool) -> str:
        """Until it ends, or is to be ended, and then why; `first`: it is an init container."""
        # Before its file is watched: an end that came with the beginning makes nothing readable any more.
        if process.poll() is not None:
            return ""
        ended = asyncio.Event()
        loop, file = asyncio.get_running_loop(), process.fileno()
        loop.add_reader(file, ended.set)
        dying = asyncio.create_task(self._doomed())
        ends: set[asyncio.Task[Any]] = {asyncio.create_task(ended.wait()), dying}
        tasks = set(ends)
        if not first:
            tasks.add(asyncio.create_task(self._note_readiness()))
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return "" if ended.is_set() else dying.result()
        finally:
            loop.remove_reader(file)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _doomed(self) -> str:
        """Returns why the container is to be ended, if ever; says when its startup probe has succeeded."""
        begun = time.monotonic()
        if self._container.startup_probe:
            async for result in self._probed(self._container.startup_probe, begun):
                if result.well:
                    break
                if result.well is False:
                    return f"failed its startup probe ({result.why})"
                self._waits(f"Startup probe failed: {result.why}")
        self._started.set()
        self._tell_started()
        if self._container.liveness_probe:
            async for result in self._probed(self._container.liveness_probe, begun):
                if result.well is False:
                    return f"failed its liveness probe ({result.why})"
        elif self._places.unit:
            await probe.deaf(self._places.unit.http, ready=lambda: self._state().ready)
            return "stopped listening on its port"
        await asyncio.Event().wait()
        return ""

    async def _note_readiness(self) -> None:
        """By its own probe; without one a unit is ready when it answers, and what is no unit at once."""
        begun = time.monotonic()
        await self._started.wait()
        ready = State("Running", ready=True, failures=self._failures)
        if self._container.readiness_probe:
            async for result in self._probed(self._container.readiness_probe, begun):
                if result.well:
                    self._note(ready)
                elif result.well is False or not self._state().ready:
                    self._waits(f"Readiness probe failed: {result.why or 'not yet'}")
        elif self._places.unit:
            port = self._places.unit.http
            waiting = (
                f"Container {self._container.name!r} does not answer yet on port {port}, its "
                "PREDICTIVE_UNIT_HTTP_SERVICE_PORT."
            )
            # After a failure its reason stays to be read until the container is ready.
            if not self._failures:
                self._note(State("ContainersNotReady", waiting))
            await probe.answers(port)
            if self._places.grpc:
                await self._until_grpc(self._places.unit.grpc)
        else:
            # The kubelet takes longer to see that one runs: what dies at once never was up.
            await asyncio.sleep(_SEEN)
        self._note(ready)

    async def _until_grpc(self, port: int) -> None:
        """The operator's probe dials the port that is the unit's own."""
        if not self._failures:
            waiting = (
                f"Container {self._container.name!r} does not listen yet on port {port}, its "
                "PREDICTIVE_UNIT_GRPC_SERVICE_PORT: is GRPC_WORKERS 0 in its env, or in that of its image?"
            )
            self._note(State("ContainersNotReady", waiting))
        await probe.listens(port)

    def _probed(self, given: dict[str, Any], begun: float) -> AsyncIterator[own_probes.Result]:
        asking = own_probes.check(given, self._places, self._made)
        return own_probes.results(asking, own_probes.Numbers.of(given), begun=begun)

    def _waits(self, why: str) -> None:
        # After a failure its reason stays to be read until the container is ready.
        if not self._failures or self._state().ready:
            told = f"Container {self._container.name!r} is not ready. {why.rstrip('.')}."
            self._note(State("ContainersNotReady", told, failures=self._failures))
