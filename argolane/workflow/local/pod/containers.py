"""Containers of one pod: started with their environment, waited for while output flows, ended."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from argolane.containers import sandbox
from argolane.containers.cgroups import Limits
from argolane.containers.images import Image
from argolane.containers.process import Ended, Process
from argolane.containers.sandbox import Mount
from argolane.kubernetes import containerspec
from argolane.workflow.local.pod import programs
from argolane.workflow.local.pod.exits import NO_PROGRAM, Exit
from argolane.workflow.local.pod.lastwords import LastWords
from argolane.workflow.local.pod.stopping import Stop
from argolane.workflow.local.pod.streams import Capture, Watch
from argolane.workflow.local.pod.surroundings import Surroundings
from argolane.workflow.local.reconciler.ports import PodOrder

_AFTER_KILL = 10.0


class Containers:
    """Those of one pod, at its `address` if it has one; `exits` are of those that are over, in order, `made`
    is what was started of each."""

    def __init__(
        self,
        order: PodOrder,
        around: Surroundings,
        stop: Stop,
        images: Mapping[str, Image],
        address: str | None = None,
    ) -> None:
        self.exits: list[Exit] = []
        self.made: dict[str, sandbox.Container] = {}
        self._address = address
        self._order, self._around, self._images = order, around, images
        self._captures: list[Capture] = []
        self._last_words: dict[str, LastWords] = {}
        limit = order.active_seconds
        self._watch = Watch(stop, None if limit is None else time.monotonic() + limit)

    @property
    def past_deadline(self) -> bool:
        """Whether the pod was active for too long."""
        return self._watch.deadline is not None and time.monotonic() >= self._watch.deadline

    @property
    def problems(self) -> list[str]:
        """What went wrong with the output of containers, though they went on."""
        return [f"{c.container}: {c.problem}" for c in self._captures if c.problem]

    def tail(self, name: str) -> bytes:
        """The end of a container's stdout, if its result is read."""
        return bytes(self._capture_of(name).tail)

    def start(
        self,
        container: Mapping[str, Any],
        mounts: tuple[Mount, ...],
        tmp: Path | None = None,
        layer: Path | None = None,
        outputs: sandbox.Outputs | None = None,
    ) -> Process | None:
        """The running container; None when its program is not there, which is an exit, too."""
        name = str(container["name"])
        last_words = LastWords(container, self._around.folder / "termination", self._around.log(name))
        self._last_words[name] = last_words
        image = self._images[str(container.get("image"))]
        made = containerspec.to_start(
            container,
            image,
            fields=self._around.fields,
            objects=self._around.objects,
            mounts=(*mounts, *self._hosts(mounts, image), last_words.mount),
            tmp=tmp,
            added={"ARGO_CONTAINER_NAME": name, "ARGO_NODE_ID": self._order.node_id},
            context=self._order.template.get("securityContext"),
        )
        made = replace(made, layer=layer, outputs=outputs, address=self._address)
        if not self._around.limits:
            made = replace(made, limits=Limits())
        capture = self._capture(name)
        try:
            made = programs.found(made)
        except programs.MissingProgram as missing:
            self.exits.append(Exit(name, NO_PROGRAM, str(missing)))
            capture.started()
            return None
        self.made[name] = made
        process = sandbox.start(made, stdout=capture.ends["stdout"], stderr=capture.ends["stderr"])
        capture.started()
        self._watch.add(process, capture)
        return process

    def _hosts(self, others: tuple[Mount, ...], image: Image) -> tuple[Mount, ...]:
        """Unless the container has a file of its own there, or sees none."""
        if not sandbox.has_mounts(image.root):
            return ()
        taken = {mount.target for mount in others}
        return tuple(mount for mount in self._around.hosts if mount.target not in taken)

    def wait(self, process: Process, seconds: float | None = None) -> int | None:
        """The exit code; None when the pod has to stop, or `seconds` are over, first."""
        code = self._watch.until(process, seconds)
        if code is not None:
            self._finish(process, code)
        return code

    def end(self, process: Process, grace: float) -> int:
        """SIGTERM, then SIGKILL, while output keeps flowing."""
        process.ask_to_end()
        code = self._watch.until(process, grace)
        if code is None:
            process.kill()
            code = self._watch.until(process, _AFTER_KILL)
        code = 137 if code is None else code
        self._finish(process, code)
        return code

    def end_sidecar(self, process: Process, grace: float) -> None:
        """One that may have ended by itself; the pod's deadline is no matter any more."""
        code = process.poll()
        if code is not None:
            self._finish(process, code)
            return
        self._watch.deadline = None
        self.end(process, grace)

    def no_deadline(self, *, ordered: bool) -> None:
        """The pod ends: by the run's order, or because it was active for too long."""
        self._watch.stopped(ordered=ordered)

    def close(self) -> None:
        self._watch.close()
        for capture in self._captures:
            capture.close()

    def _capture(self, name: str) -> Capture:
        keep = name == "main" and self._order.keep_result
        capture = Capture(name, self._around.log(name), self._around.tell, self._around.full, keep=keep)
        self._captures.append(capture)
        return capture

    def _capture_of(self, name: str) -> Capture:
        return next(capture for capture in self._captures if capture.container == name)

    def _finish(self, process: Process, code: int) -> None:
        capture = self._capture_of(process.name)
        self._watch.forget(capture)
        capture.drain()
        ended = process.ended or Ended(code)
        if ended.reason == "NoProgram":
            self.exits.append(Exit(process.name, NO_PROGRAM, str(programs.MissingProgram(ended.message))))
            return
        said = ended.message or self._last_words[process.name].said(code)
        self.exits.append(Exit(process.name, code, said, ended.reason))
