"""The containers of a containerSet in, how each ended out: started when those they depend on have succeeded.

As Argo's executor does it: a container whose dependency failed ends with 64, and once one has failed the
others are ended. The set's retryStrategy tries each container again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argolane.containers.process import Process
from argolane.languages.values import go_duration
from argolane.workflow.local.pod.containers import Containers
from argolane.workflow.local.pod.exits import NO_PROGRAM, Exit
from argolane.workflow.local.reconciler.ports import ContainerResult

_LOOK, _GRACE = 0.05, 30.0
_ENDED = 143


def of_set(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers of a template's set, each with the mounts of the set."""
    whole = template.get("containerSet") or {}
    shared = list(whole.get("volumeMounts") or ())
    return [
        {**each, **({"volumeMounts": [*shared, *(each.get("volumeMounts") or ())]} if shared else {})}
        for each in whole.get("containers") or ()
    ]


@dataclass
class Set:
    """`start` starts one of them; `interrupted` says whether the pod has to stop."""

    declared: Sequence[Mapping[str, Any]]
    strategy: Mapping[str, Any]
    containers: Containers
    start: Callable[[Mapping[str, Any]], Process | None]
    interrupted: Callable[[], bool]
    exits: dict[str, Exit] = field(default_factory=dict)
    running: dict[str, Process] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)

    def run(self) -> bool:
        """To the end of all; False when the pod has to stop first."""
        while len(self.exits) < len(self.declared):
            self._start_what_can()
            if self._failed():
                self._end_rest()
                return True
            if self.running:
                name, process = next(iter(self.running.items()))
                code = self.containers.wait(process, _LOOK)
                if code is not None:
                    self._over(name)
            elif self.due:
                time.sleep(_LOOK)
            self._look()
            if self.interrupted():
                return False
        return True

    def results(self) -> list[ContainerResult]:
        """Phase and message of each, in Argo's words."""
        return [_told(name, exit_) for name, exit_ in self.exits.items()]

    def first_failure(self) -> Exit | None:
        """That of a container itself, not of those that only depend on it."""
        failed = [each for each in self.exits.values() if each.code]
        return next((each for each in failed if not each.reason), failed[0] if failed else None)

    def _start_what_can(self) -> None:
        for container in self.declared:
            name = str(container["name"])
            if name in self.exits or name in self.running or self.due.get(name, 0) > time.monotonic():
                continue
            state = self._dependencies(container)
            if isinstance(state, Exit):
                self.exits[name] = state
            elif state:
                self._try(name, container)

    def _dependencies(self, container: Mapping[str, Any]) -> bool | Exit:
        """Whether it may start; its own end, when it never will."""
        for other in container.get("dependencies") or ():
            if other not in self.exits:
                return False
            if code := self.exits[other].code:
                reason = f'dependency "{other}" exited with non-zero code: {code}'
                return Exit(str(container["name"]), NO_PROGRAM, reason)
        return True

    def _try(self, name: str, container: Mapping[str, Any]) -> None:
        self.tried[name] = self.tried.get(name, 0) + 1
        process = self.start(container)
        if process is None:
            self._over(name)
        else:
            self.running[name] = process

    def _look(self) -> None:
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                self.containers.end_sidecar(process, _GRACE)
                self._over(name)

    def _over(self, name: str) -> None:
        self.running.pop(name, None)
        last = next(each for each in reversed(self.containers.exits) if each.name == name)
        if last.code and self.tried[name] < int(self.strategy.get("retries") or 1):
            self.due[name] = time.monotonic() + go_duration(str(self.strategy.get("duration") or "0s"))
        else:
            self.due.pop(name, None)
            self.exits[name] = last

    def _failed(self) -> bool:
        return any(each.code for each in self.exits.values())

    def _end_rest(self) -> None:
        self._start_what_can_not()
        for name, process in list(self.running.items()):
            self.exits[name] = Exit(name, self.containers.end(process, _GRACE))
        self.running.clear()
        for container in self.declared:
            self.exits.setdefault(str(container["name"]), Exit(str(container["name"]), _ENDED))

    def _start_what_can_not(self) -> None:
        for container in self.declared:
            state = self._dependencies(container)
            if isinstance(state, Exit) and str(container["name"]) not in self.running:
                self.exits.setdefault(str(container["name"]), state)


def _told(name: str, exit_: Exit) -> ContainerResult:
    if not exit_.code:
        return ContainerResult(name, "Succeeded", "")
    phase = "Error" if exit_.code == NO_PROGRAM else "Failed"
    return ContainerResult(name, phase, f"{name}: {exit_.kind} (exit code {exit_.code}): {exit_.reason}")
