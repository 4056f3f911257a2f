"""An attempt of a fake in, a pod's result out: files, outputs and times as the engine would find them.

Stands where the engine would start the pod's containers; all around it (when, depends, retries, loops, locks)
is the engine's own. Volumes that hold data are the real ones, the rest of the file system is thrown away.
"""

import re
import select
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.containers.sandbox import Mount
from argolane.errors import ManifestError
from argolane.kubernetes import volumes
from argolane.testing.fakes import Attempt, Fake, text
from argolane.workflow.local.pod import artifacts, outputs
from argolane.workflow.local.pod.exits import Exit, judged, over
from argolane.workflow.local.pod.stopping import PAST_DEADLINE, Stop
from argolane.workflow.local.pod.surroundings import Surroundings
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult

_DATA = ("persistentVolumeClaim", "claimTemplate", "emptyDir", "ephemeral")
_RETRY = re.compile(r"\((\d+)\)$")  # an item of a loop is `(0:item)`
_TERMINATED = 143


def play(fake: Fake, order: PodOrder, around: Surroundings, stop: Stop) -> PodResult:
    """The result: phase, message, outputs, times."""
    retry = _RETRY.search(order.node_name)
    number = int(retry[1]) if retry else 0
    attempt = fake.attempt(number, _inputs(order.template), order.template)
    scene = around.folder / "fake"
    scene.mkdir(parents=True, exist_ok=True)
    try:
        return _Pod(order, around, attempt, scene, time.time()).run(stop)
    finally:
        shutil.rmtree(scene, ignore_errors=True)


def _inputs(template: Mapping[str, Any]) -> dict[str, str]:
    given = (template.get("inputs") or {}).get("parameters") or ()
    return {str(parameter["name"]): str(parameter.get("value", "")) for parameter in given}


@dataclass(frozen=True)
class _Pod:
    order: PodOrder
    around: Surroundings
    attempt: Attempt
    scene: Path
    began: float

    def run(self, stop: Stop) -> PodResult:
        attempt = self.attempt
        view = self._view()
        self.around.started()
        self._print()
        self._write(view)
        if message := self._interrupted(stop):
            return self._result("Failed", message, {"exitCode": str(_TERMINATED)})
        if attempt.error:
            return self._result("Error", attempt.error, {})
        saved, problem = self._outputs(view)
        phase, message = judged([Exit("main", attempt.exit_code)], problem)
        return self._result(phase, message, saved)

    def _view(self) -> outputs.View:
        """Volumes of configuration and of the machine itself are empty here: nobody reads them."""
        template, around = self.order.template, self.around
        kept = [
            volume if any(volume.get(kind) is not None for kind in _DATA) else {"name": volume["name"]}
            for volume in self.order.volumes
        ]
        places = volumes.Places(around.claims, around.run_volumes, self.scene / "volumes")
        folders = volumes.prepare(kept, places, around.objects)
        main = template.get("container") or template.get("script") or {}
        mounts = volumes.mounts(main, folders, volumes.read_only_volumes(self.order.volumes), {})
        root = self.scene / "root"
        (root / "tmp").mkdir(parents=True)
        return outputs.View(mounts, root / "tmp", (Mount(root, "/"),))

    def _print(self) -> None:
        data = self.attempt.stdout.encode()
        with self.around.log("main").open("ab") as log:
            log.write(data)
        if data:
            self.around.tell("main", "stdout", data)

    def _write(self, view: outputs.View) -> None:
        closed = [mount.target for mount in view.mounts if mount.read_only]
        artifacts_ = (self.order.template.get("outputs") or {}).get("artifacts") or ()
        paths = {str(artifact["name"]): str(artifact["path"]) for artifact in artifacts_}
        given = self.attempt.outputs
        contents: dict[str, object] = {paths[name]: given[name] for name in paths if name in given}
        for path, content in {**contents, **self.attempt.files}.items():
            for target in closed:
                if path == target or path.startswith(target + "/"):
                    where = f"fake {self.order.template['name']!r}: file {path!r}"
                    raise ManifestError([f"{where} lies in {target}, which the template mounts read-only."])
            file = view.locate(path)
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content if isinstance(content, bytes) else text(content).encode())

    def _interrupted(self, stop: Stop) -> str:
        """Wait for the end of the delay; why the pod has to end before."""
        limits = [(self.attempt.delay, "")]
        if self.order.active_seconds is not None:
            limits.append((self.order.active_seconds, PAST_DEADLINE))
        if self.order.deadline is not None:  # backoff.maxDuration
            limits.append((self.order.deadline - self.began, Exit("main", _TERMINATED).message))
        seconds, message = min(limits)
        select.select([stop], [], [], max(0.0, seconds))
        return stop.reason or message

    def _outputs(self, view: outputs.View) -> tuple[dict[str, Any], str]:
        template, given, problem = self.order.template, self.attempt.outputs, ""
        saved = outputs.declared(template)
        saved["exitCode"] = str(self.attempt.exit_code)
        if self.order.keep_result:
            saved["result"] = outputs.result_of(self.attempt.stdout.encode())
        left = []
        for parameter in saved.get("parameters") or ():
            source = parameter.get("valueFrom") or {}
            if parameter["name"] in given:
                parameter["value"] = text(given[parameter["name"]]).removesuffix("\n")
            elif source.get("path"):
                left.append(parameter)
            elif source.get("default") is not None:
                parameter["value"] = str(source["default"])
        try:
            outputs.save_parameters(left, view)
        except outputs.OutputError as error:
            problem = str(error)
        try:
            kept = artifacts.save(template, view, self.around.repository)
        except artifacts.ArtifactError as error:
            kept, problem = error.saved, problem or str(error)
        return {**saved, "artifacts": kept} if kept else saved, problem

    def _result(self, phase: str, message: str, saved: dict[str, Any]) -> PodResult:
        return over(phase, message, outputs=saved, began=self.began)
