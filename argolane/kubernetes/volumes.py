"""A pod's volumes in, folders of this machine out, mounted where each container wants them.

Claims live in the project's state across runs, volumeClaimTemplates in the run; emptyDir, configMap, secret
and projected volumes belong to one pod.
"""

import contextlib
import os
import posixpath
import stat
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.containers.sandbox import Mount
from argolane.errors import ArgolaneError
from argolane.kubernetes.expansion import expand, without_value
from argolane.kubernetes.names import in_a_path
from argolane.kubernetes.objects import Objects

SUPPORTED = (
    "emptyDir", "persistentVolumeClaim", "configMap", "secret", "projected", "hostPath", "ephemeral",
    "claimTemplate",
)  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where volumes lie: of the project, of the run, of the pod."""

    claims: Path
    run: Path
    pod: Path


def prepare(
    volumes: Iterable[Mapping[str, Any]], places: Places, objects: Objects, *, group: int | None = None
) -> dict[str, Path]:
    """The folder (or file) behind each volume, made when it is missing; the pod's own belong to its `group`
    where this user may give them away."""
    found = {}
    for volume in volumes:
        folder = found[str(volume["name"])] = _prepare(volume, places, objects)
        if group is not None and os.geteuid() == 0 and folder.is_relative_to(places.pod):
            _give(folder, group, read_only=bool(read_only_volumes([volume])))
    return found


def _give(folder: Path, group: int, *, read_only: bool) -> None:
    """As a kubelet for fsGroup: what is written later has the group, too."""
    for place, _, files in os.walk(folder):
        for path in (Path(place), *(Path(place, file) for file in files)):
            if path.is_symlink():
                continue
            more = (0o440 if read_only else 0o660) | (0o2110 if path.is_dir() else 0)
            with contextlib.suppress(FileNotFoundError):  # another container of the pod has removed it
                os.chown(path, -1, group)
                path.chmod(stat.S_IMODE(path.stat().st_mode) | more)


def mounts(
    container: Mapping[str, Any],
    folders: Mapping[str, Path],
    read_only: Iterable[str],
    env: Mapping[str, str],
) -> tuple[Mount, ...]:
    """What a container's volumeMounts ask for; `read_only` are volumes that nobody may write to."""
    closed = frozenset(read_only)
    return tuple(
        _mount(mount, folders[mount["name"]], bool(mount.get("readOnly")) or mount["name"] in closed, env)
        for mount in container.get("volumeMounts") or ()
    )


def read_only_volumes(volumes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of volumes that are read-only by kind."""
    return [
        str(volume["name"])
        for volume in volumes
        if any(volume.get(kind) is not None for kind in ("configMap", "secret", "projected"))
        or (volume.get("persistentVolumeClaim") or {}).get("readOnly")
    ]


def _mount(mount: Mapping[str, Any], folder: Path, read_only: bool, env: Mapping[str, str]) -> Mount:
    where = f"volume '{mount['name']}'"
    below = str(mount.get("subPath") or "")
    if mount.get("subPathExpr"):
        below = _expanded(str(mount["subPathExpr"]), env, where)
    if below:
        folder = folder / _inner(below, f"{where}: subPath")
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
    return Mount(folder, posixpath.normpath(str(mount["mountPath"])), read_only)


def _prepare(volume: Mapping[str, Any], places: Places, objects: Objects) -> Path:
    name = _inner(str(volume["name"]), "volume")
    if volume.get("persistentVolumeClaim") is not None:
        claim = in_a_path("PersistentVolumeClaim", volume["persistentVolumeClaim"].get("claimName"))
        return _shared(places.claims / claim)
    if volume.get("claimTemplate") is not None:
        return _shared(places.run / name)
    folder = _shared(places.pod / name)
    if volume.get("hostPath") is not None:
        host = Path(str(volume["hostPath"].get("path")))
        return _folder(host) if volume["hostPath"].get("type") == "DirectoryOrCreate" else host
    if volume.get("configMap") is not None:
        _project(folder, "ConfigMap", volume["configMap"], objects, volume["configMap"].get("defaultMode"))
    elif volume.get("secret") is not None:
        source = {**volume["secret"], "name": volume["secret"].get("secretName")}
        _project(folder, "Secret", source, objects, source.get("defaultMode"))
    elif volume.get("projected") is not None:
        for source in volume["projected"].get("sources") or ():
            for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                if source.get(key) is not None:
                    mode = volume["projected"].get("defaultMode")
                    _project(folder, kind, source[key], objects, mode)
    return folder


def _shared(path: Path) -> Path:
    """As a kubelet makes it: whatever user a container is, it may write there. Made in a folder that this
    machine's other users cannot look into."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.mkdir(exist_ok=True)
        path.chmod(0o777)
    return path


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _project(folder: Path, kind: str, source: Mapping[str, Any], objects: Objects, mode: Any) -> None:
    name, optional = str(source.get("name")), bool(source.get("optional"))
    default = 0o644 if mode is None else int(mode)
    items = source.get("items") or [
        {"key": key, "path": key} for key in objects.files(kind, name, optional=optional)
    ]
    for item in items:
        content = objects.value(kind, name, str(item["key"]), optional=optional)
        if content is None:
            continue
        file = folder / _inner(str(item["path"]), f"{kind} '{name}': path")
        file.parent.mkdir(parents=True, exist_ok=True)
        # Whole: a container that runs may read it while another of its pod is started.
        fresh = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
        fresh.write_bytes(content)
        fresh.chmod(int(item["mode"]) if item.get("mode") is not None else default)
        fresh.replace(file)


def _inner(path: str, where: str) -> str:
    """A path that does not lead out of the folder which it is below."""
    if path.startswith("/") or ".." in Path(path).parts:
        raise ArgolaneError(f"{where} {path!r} must stay inside the volume")
    return path


def _expanded(text: str, env: Mapping[str, str], where: str) -> str:
    """As the kubelet does: a name without a value is a fault here, and only here."""
    if unknown := without_value(text, env):
        raise ArgolaneError(f"{where}: subPathExpr {text!r}: missing value for {unknown[0]!r}")
    return expand(text, env)
