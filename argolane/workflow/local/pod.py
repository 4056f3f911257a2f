"""One pod in, its end out: init containers in order, main beside its sidecars, outputs and the message.

Runs in a thread of its own and knows nothing of the workflow around it.
"""

import posixpath
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argolane.containers import sandbox
from argolane.containers.expansion import expand
from argolane.containers.images import Image
from argolane.containers.process import Process
from argolane.containers.sandbox import Container, Mount
from argolane.errors import ArgolaneError
from argolane.workflow.local import artifacts, environment, outputs, volumes
from argolane.workflow.local.errors import OperationError
from argolane.workflow.local.fields import containers
from argolane.workflow.local.imagecache import ImageCache
from argolane.workflow.local.objects import Objects
from argolane.workflow.local.ports import PodOrder
from argolane.workflow.local.programs import MissingProgram, find_program
from argolane.workflow.local.streams import Capture, Stop, Tell, Watch

SCRIPT = "/argo/staging/script"
GRACE = 30.0
_DEADLINE = "Pod was active on the node longer than the specified deadline"
_SUPERSEDED = (137, 143)


@dataclass(frozen=True)
class Surroundings:
    """What a pod needs to know of its project and its run."""

    objects: Objects
    folder: Path
    claims: Path
    run_volumes: Path
    store: artifacts.Store
    fields: Mapping[str, str]
    log: Callable[[str], Path]
    tell: Tell
    say: Callable[[str], None]
    images: ImageCache
    started: Callable[[], None]


@dataclass
class Ended:
    """A container's exit code and what its end has to say."""

    name: str
    code: int
    reason: str = ""

    @property
    def message(self) -> str:
        text = f"{self.name}: Error (exit code {self.code})"
        return f"{text}: {self.reason}" if self.reason else text


@dataclass
class Pod:
    """The order, where it runs, and what came of it."""

    order: PodOrder
    around: Surroundings
    stop: Stop
    began: float = field(default_factory=time.time)
    images: dict[str, Image] = field(default_factory=dict)
    captures: list[Capture] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        """The result: phase, message, outputs, times."""
        try:
            self.around.folder.mkdir(parents=True, exist_ok=True)
            return self._run()
        except (OperationError, ArgolaneError) as error:
            return self._result("Error", str(error), outputs.declared(self.order.template))
        except OSError as error:
            return self._result("Error", f"{error.strerror}: {error.filename or 'the runner'}", {})
        finally:
            for capture in self.captures:
                capture.close()
            for name in ("tmp", "volumes", "artifacts", "own", "argo"):
                shutil.rmtree(self.around.folder / name, ignore_errors=True)

    def _run(self) -> dict[str, Any]:
        template, around = self.order.template, self.around
        for _, container in containers(template):
            reference = str(container.get("image"))
            image = around.images.get(reference, self.stop)
            if image is None:
                return self._result("Failed", self.stop.reason, {})
            self.images[reference] = image
        places = volumes.Places(around.claims, around.run_volumes, around.folder / "volumes")
        folders = volumes.prepare(self.order.volumes, places, around.objects)
        closed = volumes.read_only_volumes(self.order.volumes)
        main = dict(template.get("container") or template.get("script") or {})
        main_mounts = self._mounts(main, main, folders, closed)
        view = outputs.View(main_mounts, _folder(around.folder / "tmp"))
        own = outputs.own_mounts(_paths(template), view, around.folder / "own")
        view = outputs.View(main_mounts, view.tmp, own)
        try:
            loaded = artifacts.load(template, view, around.store, around.folder / "artifacts")
        except artifacts.ArtifactError as error:
            return self._result("Error", f"init: Error (exit code 64): {error}", {})
        view = outputs.View(main_mounts, view.tmp, (*own, *loaded))
        limit = self.order.active_seconds
        self._watch = Watch(self.stop, None if limit is None else time.monotonic() + limit)
        try:
            failed = self._init(main, folders, closed)
            if failed is not None:
                return failed
            return self._main(main, folders, closed, view)
        finally:
            self._watch.close()

    def _init(
        self, main: Mapping[str, Any], folders: Mapping[str, Path], closed: list[str]
    ) -> dict[str, Any] | None:
        for container in self.order.template.get("initContainers") or ():
            mounts = self._mounts(container, main, folders, closed)
            started = self._start(container, mounts, None)
            if started is None:
                return self._result("Failed", self.ended[-1].message, {})
            self.around.started()
            code = self._watch.until(started)
            if code is None:
                return self._interrupted([started])
            self._finish(started, code)
            if code:
                return self._result("Failed", self.ended[-1].message, {})
        return None

    def _main(
        self,
        main: dict[str, Any],
        folders: Mapping[str, Path],
        closed: list[str],
        view: outputs.View,
    ) -> dict[str, Any]:
        template = self.order.template
        sidecars = []
        for container in template.get("sidecars") or ():
            started = self._start(container, self._mounts(container, main, folders, closed), None)
            if started is not None:
                sidecars.append(started)
        mounts = (*view.mounts, *view.own)
        if template.get("script") is not None and main.get("source"):
            mounts = (*mounts, self._stage(str(main["source"])))
            main["args"] = [*(main.get("args") or ()), SCRIPT]
        main["name"] = "main"
        process = self._start(main, mounts, view.tmp)
        self.around.started()
        code: int | None = self.ended[-1].code if process is None else None
        if process is not None:
            limit = None if self.order.deadline is None else self.order.deadline - time.time()
            code = self._watch.until(process, limit)
            if code is None and not self.stop.reason and not self._past_active_deadline():
                code = self._end(process, GRACE)  # backoff.maxDuration is over
            if code is None:
                return self._interrupted([process, *sidecars])
            self._finish(process, code)
        for sidecar in sidecars:
            found = sidecar.poll()
            if found is None:
                self._watch.deadline = None
                found = self._end(sidecar, GRACE)
            self._finish(sidecar, found)
        return self._conclude(code or 0, view)

    def _conclude(self, code: int, view: outputs.View) -> dict[str, Any]:
        template = self.order.template
        saved = outputs.declared(template)
        saved["exitCode"] = str(code)
        problem = ""
        main_capture = next(c for c in self.captures if c.container == "main")
        if self.order.keep_result:
            saved["result"] = outputs.result_of(bytes(main_capture.tail))
        try:
            outputs.save_parameters(saved.get("parameters") or [], view)
        except outputs.OutputError as error:
            problem = str(error)
        try:
            kept = artifacts.save(template, view, self.around.store)
        except artifacts.ArtifactError as error:
            kept, problem = error.saved, problem or str(error)
        if kept:
            saved["artifacts"] = kept
        main = next(ended for ended in self.ended if ended.name == "main")
        if main.code:
            return self._result("Failed", main.message, saved)
        if problem:
            return self._result("Error", f"wait: Error (exit code 64): {problem}", saved)
        for ended in self.ended:
            if ended.code and ended.code not in _SUPERSEDED:
                return self._result("Failed", ended.message, saved)
        return self._result("Succeeded", "", saved)

    def _past_active_deadline(self) -> bool:
        return self._watch.deadline is not None and time.monotonic() >= self._watch.deadline

    def _interrupted(self, processes: list[Process]) -> dict[str, Any]:
        """The pod's own deadline is over, or the run wants it ended."""
        grace = self.stop.grace if self.stop.reason else min(GRACE, 10.0)
        message = self.stop.reason or _DEADLINE
        self._watch.stopped(ordered=bool(self.stop.reason))
        code = 0
        for position, process in enumerate(processes):
            ended = self._end(process, grace)
            if position == 0:
                code = ended
            self._finish(process, ended)
        saved = outputs.declared(self.order.template)
        return self._result("Failed", message, {**saved, "exitCode": str(code)})

    def _end(self, process: Process, grace: float) -> int:
        """SIGTERM, then SIGKILL, while output keeps flowing."""
        process.ask_to_end()
        code = self._watch.until(process, grace)
        if code is None:
            process.kill()
            code = self._watch.until(process, 10.0)
        return 137 if code is None else code

    def _finish(self, process: Process, code: int) -> None:
        capture = next(c for c in self.captures if c.container == process.name)
        self._watch.forget(capture)
        capture.drain()
        self.ended.append(Ended(process.name, code))

    def _start(
        self, container: Mapping[str, Any], mounts: tuple[Mount, ...], tmp: Path | None
    ) -> Process | None:
        """The running container; None when its program is not there, which counts as an end with 64."""
        around, name = self.around, str(container["name"])
        image = self.images[str(container.get("image"))]
        env = environment.build(container, image.env, around.fields, around.objects)
        command = [expand(str(part), env) for part in container.get("command") or ()]
        arguments = [expand(str(part), env) for part in container.get("args") or ()]
        argv = [*command, *arguments] if command or arguments else list(image.command)
        env |= {"ARGO_CONTAINER_NAME": name, "ARGO_NODE_ID": self.order.node_id}
        env.setdefault("HOSTNAME", around.fields.get("metadata.name", ""))
        keep = name == "main" and self.order.keep_result
        capture = Capture(name, around.log(name), around.tell, keep=keep)
        self.captures.append(capture)
        workdir = str(container.get("workingDir") or image.workdir)
        if argv:
            try:
                argv[0] = find_program(argv[0], env.get("PATH", ""), workdir, mounts, tmp)
            except MissingProgram as missing:
                self.ended.append(Ended(name, 64, str(missing)))
                capture.started()
                return None
        process = sandbox.start(
            Container(
                name=name,
                argv=tuple(argv),
                env=env,
                workdir=workdir,
                mounts=mounts,
                tmp=tmp,
                literal_text=(str(container.get("source") or ""),),
                folders=image.folders,
            ),
            stdout=capture.ends["stdout"],
            stderr=capture.ends["stderr"],
        )
        capture.started()
        self._watch.add(process, capture)
        return process

    def _mounts(
        self,
        container: Mapping[str, Any],
        main: Mapping[str, Any],
        folders: Mapping[str, Path],
        closed: list[str],
    ) -> tuple[Mount, ...]:
        env = {str(e["name"]): str(e.get("value") or "") for e in container.get("env") or ()}
        own = volumes.mounts(container, folders, closed, env)
        if container.get("mirrorVolumeMounts"):
            taken = {mount.target for mount in own}
            mirrored = volumes.mounts(main, folders, closed, env)
            own = (*own, *(mount for mount in mirrored if mount.target not in taken))
        return own

    def _stage(self, source: str) -> Mount:
        folder = _folder(self.around.folder / "argo")
        file = folder / "script"
        file.write_text(source, encoding="utf-8")
        file.chmod(0o755)
        return Mount(folder, posixpath.dirname(SCRIPT))

    def _result(self, phase: str, message: str, saved: dict[str, Any]) -> dict[str, Any]:
        for capture in self.captures:
            if capture.problem:
                self.around.say(f"{self.order.node_name}: {capture.container}: {capture.problem}")
        return {
            "phase": phase,
            "message": message,
            "outputs": saved or None,
            "startedAt": self.began,
            "finishedAt": time.time(),
        }


def _paths(template: Mapping[str, Any]) -> list[str]:
    declared = template.get("outputs") or {}
    paths = [(p.get("valueFrom") or {}).get("path") for p in declared.get("parameters") or ()]
    paths += [artifact.get("path") for artifact in declared.get("artifacts") or ()]
    return [str(path) for path in paths if path]


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
