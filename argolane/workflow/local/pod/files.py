"""A pod's volumes, input artifacts and script in, what each of its containers has mounted out."""

import contextlib
import posixpath
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argolane.containers import sandbox
from argolane.containers.images import Image
from argolane.containers.sandbox import Mount
from argolane.kubernetes import environment, security, volumes
from argolane.workflow.local.pod import artifacts, containerset, outputs
from argolane.workflow.local.pod.surroundings import Surroundings
from argolane.workflow.local.reconciler.ports import PodOrder

SCRIPT = "/argo/staging/script"


class Files:
    """The files of one pod, ready for its first container; ArtifactError for an input that is not there.

    `main` is the main container, `view` what lies where in it.
    """

    def __init__(self, order: PodOrder, around: Surroundings, images: Mapping[str, Image]) -> None:
        template, self._around, self._folder = order.template, around, around.folder
        self.main = dict(template.get("container") or template.get("script") or _main_of_set(template))
        remove(self._folder)  # what a runner that was killed has left of the same pod
        places = volumes.Places(around.claims, around.run_volumes, self._folder / "volumes")
        group = security.fs_group(template.get("securityContext") or {})
        self._volumes = volumes.prepare(order.volumes, places, around.objects, group=group)
        self._closed = volumes.read_only_volumes(order.volumes)
        mounts, tmp = self.mounts(self.main), _folder(self._folder / "tmp")
        bare = outputs.View(mounts, tmp)
        loaded = artifacts.load(template, bare, around.repository, self._folder / "artifacts")
        view = outputs.View(mounts, tmp, loaded)
        image = images.get(str(self.main.get("image")))
        if not sandbox.has_mounts(image.root if image else None):
            own = outputs.stand_ins(template, view, self._folder / "own")
            self.view = outputs.View(mounts, tmp, (*own, *loaded))
        else:
            kept = outputs.to_keep(template, view, _folder(self._folder / "own"))
            self.view = outputs.View(mounts, tmp, loaded, kept)
        self.layer = _folder(self._folder / "layer")

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


def _main_of_set(template: Mapping[str, Any]) -> dict[str, Any]:
    """Whose outputs are the pod's; without one of that name, those that lie on the set's volumes are."""
    shared = (template.get("containerSet") or {}).get("volumeMounts") or ()
    named = (each for each in containerset.of_set(template) if each["name"] == "main")
    return next(named, {"volumeMounts": shared} if shared else {})


def remove(folder: Path) -> None:
    """What a pod that is over leaves of its own."""
    for locked in folder.glob("layer/work/*/work"):  # an overlay's, which even its owner cannot look into
        with contextlib.suppress(OSError):
            locked.chmod(0o700)
    for name in ("tmp", "volumes", "artifacts", "own", "argo", "layer", "termination"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
