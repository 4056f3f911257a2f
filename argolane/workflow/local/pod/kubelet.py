"""An order for a pod in, its result out: init containers in order, main beside its sidecars, outputs saved.

What a kubelet and Argo's executor do with the pod of a template. Runs in a thread of its own and knows
nothing of the workflow around it. (A resource template's pod is acted out in ../resources, a deployment's is
kept alive in argolane/serving.)
"""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from argolane.containers.images import Image
from argolane.containers.inside.init import NOT_FOUND
from argolane.containers.process import Process
from argolane.disk import check_room, is_full, said
from argolane.errors import ArgolaneError
from argolane.serving.ports import HOST
from argolane.workflow.local.fields import containers as declared_containers
from argolane.workflow.local.pod import arguments, artifacts, containerset, daemon, files, outputs
from argolane.workflow.local.pod.containers import Containers
from argolane.workflow.local.pod.exits import Exit, judged, main_of, over
from argolane.workflow.local.pod.files import SCRIPT, Files
from argolane.workflow.local.pod.stopping import PAST_DEADLINE, Stop
from argolane.workflow.local.pod.surroundings import Surroundings
from argolane.workflow.local.reconciler.daemons import is_daemon
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult
from argolane.workflow.run.recorded import tail

_GRACE = 30.0
_LAST_BYTES = 400
_GRACE_AT_DEADLINE = 10.0


def run_pod(order: PodOrder, around: Surroundings, stop: Stop) -> PodResult:
    """Phase, message, outputs and times, once all its containers are over."""
    return _Pod(order, around, stop).run()


@dataclass
class _Pod:
    """The order, where it runs, and when the run wants it ended."""

    order: PodOrder
    around: Surroundings
    stop: Stop
    began: float = field(default_factory=time.time)
    prepared: float = 0.0
    address: str | None = None  # a daemon's

    def run(self) -> PodResult:
        result = self._ended()
        if result.phase != "Succeeded":
            self._look_at_disk()
        files.remove(self.around.folder)
        return result

    def _ended(self) -> PodResult:
        try:
            self.around.folder.mkdir(parents=True, exist_ok=True)
            if not is_daemon(self.order.template):
                return self._run()
            with daemon.address(self.around.folder) as self.address:
                own = {"status.podIP": self.address or HOST}
                self.around = replace(self.around, fields={**self.around.fields, **own})
                return self._run()
        except (OperationError, ArgolaneError) as error:
            return self._result("Error", str(error), outputs.declared(self.order.template))
        except OSError as error:
            return self._result("Error", said(error, self.around.folder), final=is_full(error))

    def _look_at_disk(self) -> None:
        """A step may not say that it failed because it filled a disk of ours."""
        try:
            check_room(self.around.folder)
            check_room(self.around.claims)
        except FileNotFoundError:
            return
        except OSError as error:
            self.around.full(error, self.around.folder)

    def _run(self) -> PodResult:
        try:
            images = self._images()
        except ArgolaneError as error:
            # A kubelet would wait for it for ever; no attempt finds it, be there ever so many.
            return self._result("Error", str(error), outputs.declared(self.order.template), final=True)
        if images is None:
            return self._result("Failed", self.stop.reason)
        try:
            ready = Files(self.order, self.around, images)
        except artifacts.ArtifactError as error:
            return self._result("Error", f"init: Error (exit code 64): {error}")
        containers = Containers(self.order, self.around, self.stop, images, self.address)
        with contextlib.closing(containers):
            try:
                return self._init(ready, containers) or self._main(ready, containers)
            finally:
                self._look_at_tools(images, containers)
                for problem in containers.problems:
                    self.around.say(f"{self.order.node_name}: {problem}")

    def _look_at_tools(self, images: Mapping[str, Image], containers: Containers) -> None:
        """Which of its image's tools this machine lacks, a shell says by its exit code and in its log."""
        stock = sorted(reference for reference, image in images.items() if image.stands_in)
        for each in containers.exits if stock else ():
            if each.code == NOT_FOUND:
                last = tail(self.around.log(each.name), _LAST_BYTES).splitlines()[-1:]
                words = f"{self.order.node_name}: a program of {', '.join(stock)} is not on this machine"
                self.around.say(": ".join([words, *last]))

    def _images(self) -> dict[str, Image] | None:
        """Those of all containers; None when the pod has to stop first."""
        found = {}
        try:
            for _, container in declared_containers(self.order.template):
                reference = str(container.get("image"))
                image = self.around.images.get(reference, self.stop)
                if image is None:
                    return None
                found[reference] = image
        finally:
            self.prepared = time.time() - self.began
        return found

    def _init(self, ready: Files, containers: Containers) -> PodResult | None:
        for container in self.order.template.get("initContainers") or ():
            process = containers.start(container, ready.mounts(container))
            if process is not None:
                self.around.started()
                if containers.wait(process) is None:
                    return self._interrupted(containers, [process])
            if containers.exits[-1].code:
                return self._result("Failed", containers.exits[-1].message)
        return None

    def _main(self, ready: Files, containers: Containers) -> PodResult:
        started = [containers.start(c, ready.mounts(c)) for c in self.order.template.get("sidecars") or ()]
        sidecars = [process for process in started if process is not None]
        if self.order.template.get("containerSet") is not None:
            return self._set(ready, containers, sidecars)
        main, mounts = {**ready.main, "name": "main"}, (*ready.view.mounts, *ready.view.own)
        main["args"] = arguments.offloaded(main.get("command") or (), main.get("args") or (), ready.view)
        if self.order.template.get("script") is not None and main.get("source"):
            mounts = (*mounts, ready.stage(str(main["source"])))
            main["args"] = [*(main.get("args") or ()), SCRIPT]
        process = containers.start(main, mounts, ready.view.tmp, ready.layer, ready.view.kept)
        self.around.started()
        with contextlib.ExitStack() as watched:
            if process is not None and is_daemon(self.order.template):
                declared = [main, *(self.order.template.get("sidecars") or ())]
                address = self.address or HOST
                watched.enter_context(
                    daemon.until_ready(declared, containers.made, address, self.around.ready)
                )
            if process is not None and not self._over(containers, process):
                return self._interrupted(containers, [process, *sidecars])
        for sidecar in sidecars:
            containers.end_sidecar(sidecar, _GRACE)
        return self._conclude(ready.view, containers)

    def _set(self, ready: Files, containers: Containers, sidecars: list[Process]) -> PodResult:
        def start(container: Mapping[str, Any]) -> Process | None:
            self.around.started()
            if container["name"] == "main":
                mounts = (*ready.view.mounts, *ready.view.own)
                return containers.start(container, mounts, ready.view.tmp, ready.layer, ready.view.kept)
            return containers.start(container, ready.mounts(container))

        template = self.order.template
        whole = containerset.Set(
            containerset.of_set(template),
            template["containerSet"].get("retryStrategy") or {},
            containers,
            start,
            lambda: bool(self.stop.reason) or containers.past_deadline,
        )
        if not whole.run():
            running = list(whole.running.values())
            return self._interrupted(containers, [*running, *sidecars])
        for sidecar in sidecars:
            containers.end_sidecar(sidecar, _GRACE)
        saved = outputs.declared(template)
        if (main := whole.exits.get("main")) is not None:
            saved["exitCode"] = str(main.code)
            if self.order.keep_result and not main.reason:
                saved["result"] = outputs.result_of(containers.tail("main"))
        problem = self._save(saved, ready.view)
        first = whole.first_failure()
        if first is not None:
            phase, message = "Failed", Exit(first.name, first.code, kind=first.kind).message
        else:
            phase, message = judged([Exit("main", 0)], problem)
        return replace(self._result(phase, message, saved), containers=tuple(whole.results()))

    def _over(self, containers: Containers, main: Process) -> bool:
        """Whether main has ended, by itself or because backoff.maxDuration is over."""
        limit = None if self.order.deadline is None else self.order.deadline - time.time()
        if containers.wait(main, limit) is not None:
            return True
        if self.stop.reason or containers.past_deadline:
            return False
        containers.end(main, _GRACE)
        return True

    def _conclude(self, view: outputs.View, containers: Containers) -> PodResult:
        code = main_of(containers.exits).code
        saved = {**outputs.declared(self.order.template), "exitCode": str(code)}
        if self.order.keep_result:
            saved["result"] = outputs.result_of(containers.tail("main"))
        phase, message = judged(containers.exits, self._save(saved, view))
        return self._result(phase, message, saved)

    def _save(self, saved: dict[str, Any], view: outputs.View) -> str:
        """Fill in parameters and artifacts; what went wrong first, or ''."""
        problem = ""
        try:
            outputs.save_parameters(saved.get("parameters") or [], view)
        except outputs.OutputError as error:
            problem = str(error)
        try:
            kept = artifacts.save(self.order.template, view, self.around.repository)
        except artifacts.ArtifactError as error:
            kept, problem = error.saved, problem or str(error)
        if kept:
            saved["artifacts"] = kept
        return problem

    def _interrupted(self, containers: Containers, processes: list[Process]) -> PodResult:
        """The pod's own deadline is over, or the run wants it ended."""
        ordered = bool(self.stop.reason)
        containers.no_deadline(ordered=ordered)
        codes = [
            containers.end(process, self.stop.grace if ordered else _GRACE_AT_DEADLINE)
            for process in processes
        ]
        saved = {**outputs.declared(self.order.template), "exitCode": str(codes[0] if codes else 143)}
        return self._result("Failed", self.stop.reason if ordered else PAST_DEADLINE, saved)

    def _result(
        self, phase: str, message: str, saved: Mapping[str, Any] | None = None, *, final: bool = False
    ) -> PodResult:
        return over(
            phase, message, outputs=saved, began=self.began, final=final, prepared=round(self.prepared, 3)
        )
