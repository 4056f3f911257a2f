"""A pod's volumes, input artifacts and script in, what each of its containers has mounted out."""

import posixpath
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argolane.containers.sandbox import Mount
from argolane.kubernetes import environment, volumes
from argolane.workflow.local.pod import artifacts, outputs
from argolane.workflow.local.pod.surroundings import Surroundings
from argolane.workflow.local.reconciler.ports import PodOrder

SCRIPT = "/argo/staging/script"


class Files:
    """The files of one pod, ready for its first container; ArtifactError for an input that is not there.

    `main` is the main container, `view` what lies where in it.
    """

    def __init__(self, order: PodOrder, around: Surroundings) -> None:
        template, self._around, self._folder = order.template, around, around.folder
        self.main = dict(template.get("container") or template.get("script") or {})
        places = volumes.Places(around.claims, around.run_volumes, self._folder / "volumes")
        self._volumes = volumes.prepare(order.volumes, places, around.objects)
        self._closed = volumes.read_only_volumes(order.volumes)
        mounts, tmp = self.mounts(self.main), _folder(self._folder / "tmp")
        own = outputs.own_mounts(_output_paths(template), outputs.View(mounts, tmp), self._folder / "own")
        view = outputs.View(mounts, tmp, own)
        loaded = artifacts.load(template, view, around.repository, self._folder / "artifacts")
        self.view = outputs.View(mounts, tmp, (*own, *loaded))

    def mounts(self, container: Mapping[str, Any]) -> tuple[Mount, ...]:
        """What a container's volumeMounts ask for, and main's with mirrorVolumeMounts."""
        env = environment.build(container, {}, self._around.fields, self._around.objects)
        own = volumes.mounts(container, self._volumes, self._closed, env)
        if container.get("mirrorVolumeMounts"):
            taken = {mount.target for mount in own}
            mirrored = volumes.mounts(self.main, self._volumes, self._closed, env)
            own = (*own, *(mount for mount in mirrored if mount.target not in taken))
        return own

    def stage(self, source: str) -> Mount:
        """The script as a file, where SCRIPT says."""
        folder = _folder(self._folder / "argo")
        file = folder / "script"
        file.write_text(source, encoding="utf-8")
        file.chmod(0o755)
        return Mount(folder, posixpath.dirname(SCRIPT))


def remove(folder: Path) -> None:
    """What a pod that is over leaves of its own."""
    for name in ("tmp", "volumes", "artifacts", "own", "argo"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _output_paths(template: Mapping[str, Any]) -> list[str]:
    declared = template.get("outputs") or {}
    paths = [(p.get("valueFrom") or {}).get("path") for p in declared.get("parameters") or ()]
    paths += [artifact.get("path") for artifact in declared.get("artifacts") or ()]
    return [str(path) for path in paths if path]


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
