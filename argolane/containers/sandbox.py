"""A container in, a process group out: where mounts, /tmp, exit codes and ends are as in a pod.

Three kinds of isolation, the best that the machine allows: `root` and `user` give each container a mount
and a PID namespace of its own (the latter through a user namespace); `none` runs it as a plain process
group, and mount paths in its arguments and environment are rewritten to the folders they stand for.
"""

import contextlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from argolane.containers import addresses, cgroups, host_names, rewriting, spawner
from argolane.containers.container import Container, EngineImage, ImageRoot, Mount, Outputs
from argolane.containers.engine import running
from argolane.containers.process import Elsewhere, Ended, Process, launch
from argolane.containers.spawner import Isolation
from argolane.errors import ArgolaneError

__all__ = [
    "NO_ROOT", "OWN_FOLDERS", "Container", "EngineImage", "ImageRoot", "Mount", "Outputs", "has_mounts",
    "isolation", "start",
]  # fmt: skip

_TMP = "/tmp"  # noqa: S108  (that of a container)
_THREADS = "OMP_NUM_THREADS"
# Each container has its own of these.
OWN_FOLDERS = (_TMP, "/var/tmp", "/dev/shm")  # noqa: S108
NO_ROOT = (
    "this machine allows no namespaces, without which an image cannot have a root folder of its own; allow "
    "user namespaces, install docker or podman, or use --on argo"
)


def isolation() -> Isolation:
    """How mounts are had on this machine; tried out once, or said by $ARGOLANE_ISOLATION."""
    return spawner.current().isolation


def has_mounts(image: ImageRoot | EngineImage | None) -> bool:
    """Whether a container of it sees volumes at their paths, and what it leaves elsewhere can be kept."""
    return isinstance(image, EngineImage) or isolation() != "none"


def start(
    container: Container, *, stdout: int | Path, stderr: int | Path | Literal["stdout"] = "stdout"
) -> Process:
    """Starts it; a Path is appended to. ArgolaneError if it cannot be set up.

    A program that is missing or not executable is no error here but exit code 127 or 126, as in a shell, and
    the reason is on its stderr. The container ends when this process ends, and when the Process is dropped.
    """
    if not container.argv:
        raise ArgolaneError(
            f"Container {container.name!r}: nothing to run: its image has no command of its own."
        )
    fresh = None
    with contextlib.ExitStack() as ends:
        try:
            fresh = None if container.tmp else Path(tempfile.mkdtemp(prefix="argolane-"))
            output = _open(stdout, ends)
            errors = output if stderr == "stdout" else _open(stderr, ends)
            if isinstance(container.image, EngineImage):
                return running.start(container, container.image, fresh, output, errors)
            specification = _specification(container, container.image, fresh, isolation())
            return _start(container, specification, output, errors)
        except BaseException as error:
            if fresh:
                shutil.rmtree(fresh, ignore_errors=True)
            if isinstance(error, OSError):
                raise ArgolaneError(f"Container {container.name!r} cannot start: {error}.") from None
            raise


def _start(container: Container, specification: Mapping[str, Any], output: int, errors: int) -> Process:
    group = cgroups.make(container.limits) if container.limits else None
    if group is None:
        return launch(container.name, specification, output, errors)

    def over(code: int, _ordered: bool) -> Ended:
        killed = group.killed()
        group.remove()
        return Ended(code, "OOMKilled" if killed else "Error")

    limited = {**specification, "cgroups": group.entrances}
    if "cpu" in group.held:
        limited["env"] = _threads(container) | limited["env"]
    try:
        process = launch(container.name, limited, output, errors, elsewhere=Elsewhere(over))
    except BaseException as error:
        killed = group.killed()
        group.remove()
        if killed and isinstance(error, ArgolaneError):
            raise ArgolaneError(
                f"Container {container.name!r} cannot start: OOMKilled; its limit of memory, "
                f"{container.limits.memory} bytes, is less than a start takes."
            ) from None
        raise
    # Whoever kills a container may not stay to see it end.
    weakref.finalize(process, group.leave).atexit = False
    group.let_go(process.pid)
    return process


def _threads(container: Container) -> dict[str, str]:
    """One for each core that it may have, where it says nothing itself: libraries of numbers start as many as
    the machine has, and wait for each other for most of each period."""
    cores = max(1, int(container.limits.cpu or 1))
    return {_THREADS: str(cores)} if cores < (os.cpu_count() or 1) else {}


def _specification(
    container: Container, image: ImageRoot | None, fresh: Path | None, kind: Isolation
) -> dict[str, object]:
    tmp = str((container.tmp or fresh or Path(_TMP)).absolute())
    mounts = [mount.checked(container.name) for mount in container.mounts]
    targets = {m.target: str(m.source) for m in mounts}
    hidden = container.outputs.hidden() if container.outputs else []
    # Whatever else the machine has is there to read at its own path, unless something hides it.
    hiding = (*OWN_FOLDERS, *targets, *hidden)
    folders = [
        folder
        for folder in container.folders
        if folder.target not in (*OWN_FOLDERS, *targets)
        and (not folder.read_only or any(folder.source.is_relative_to(place) for place in hiding))
    ]
    argv, env, workdir = container.argv, dict(container.env), str(container.workdir)
    if kind == "none":
        paths = {_TMP: tmp} | targets
        rewriting.check(container.name, container.literal_text, paths)
        paths |= {folder.target: folder.target for folder in folders}
        argv = tuple(rewriting.rewrite(text, paths) for text in argv)
        env = {"TMPDIR": tmp} | {k: rewriting.rewrite(v, paths) for k, v in env.items()}
        workdir = rewriting.rewrite(workdir, paths)
    if image and kind == "none":
        raise ArgolaneError(f"Container {container.name!r}: {NO_ROOT}.")
    if container.address is not None:
        addresses.check(container.address, name=container.name)
    return {
        "isolation": kind,
        "argv": argv,
        "env": env,
        "workdir": workdir,
        "mounts": [
            {"source": str(m.source), "target": m.target, "read_only": m.read_only, "host": m in folders}
            for m in (*mounts, *folders)
        ],
        "tmp": tmp,
        "fresh_tmp": str(fresh.absolute()) if fresh else "",
        "layer": str(container.layer.absolute()) if container.layer else "",
        "hidden": hidden,
        "image": image and _image(container, image, {mount.target for mount in mounts}),
        "address": container.address or "",
        "hosts": "" if host_names.FILE in targets else _hosts(container, kind),
        "outputs": container.outputs
        and {
            "folder": str(container.outputs.folder.absolute()),
            "paths": dict(container.outputs.paths),
            "in_place": container.outputs.in_place,
        },
    }


def _image(container: Container, image: ImageRoot, taken: Collection[str]) -> dict[str, object]:
    resolver = Path("/etc/resolv.conf")
    files = {
        host_names.FILE: host_names.text(container.hosts, container=container.name),
        str(resolver): resolver.read_text(encoding="utf-8") if resolver.is_file() else "",
        "/etc/hostname": f"{container.env.get('HOSTNAME') or container.name}\n",
    }
    return {
        **asdict(image),
        "folder": str(image.folder),
        "files": {path: text for path, text in files.items() if path not in taken},
    }


def _hosts(container: Container, kind: Isolation) -> str:
    if container.hosts and kind == "none":
        raise ArgolaneError(
            f"Container {container.name!r} cannot have names of hosts ({', '.join(container.hosts)}): they "
            f"need an {host_names.FILE} of its own, and this machine allows no mounts."
        )
    return host_names.text(container.hosts, container=container.name) if container.hosts else ""


def _open(place: int | Path, ends: contextlib.ExitStack) -> int:
    if isinstance(place, int):
        return place
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    ends.callback(os.close, descriptor)
    return descriptor
