"""A container in, a process group out: where mounts, /tmp, exit codes and ends are as in a pod.

Three kinds of isolation, the best that the machine allows: `root` and `user` give each container a mount
and a PID namespace of its own (the latter through a user namespace); `none` runs it as a plain process
group, and mount paths in its arguments and environment are rewritten to the folders they stand for.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from argolane.containers import addresses, host_names, rewriting, spawner
from argolane.containers.inside.layers import SPARSE
from argolane.containers.process import Process, launch
from argolane.containers.spawner import Isolation
from argolane.errors import ArgolaneError

_TMP = "/tmp"  # noqa: S108  (that of a container)
# Each container has its own of these.
OWN_FOLDERS = (_TMP, "/var/tmp", "/dev/shm")  # noqa: S108
NO_ROOT = (
    "this machine allows no namespaces, without which an image cannot have a root folder of its own; allow "
    "user namespaces, or use --on argo"
)
# Folders that every image has, much as the host does.
_SYSTEM = frozenset(
    "bin boot dev etc lib lib32 lib64 libx32 proc run sbin sys tmp usr var".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Mount:
    """The folder or file `source` of this machine, seen by the container at the absolute path `target`."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Outputs:
    """Paths of a container to keep when it has ended, in `folder`, each under the name given (collecting.py).

    What lies in one of the `in_place` folders is not copied. The paths are the image's own: what the host
    has there is not shown, but for the folders of a system.
    """

    folder: Path
    paths: Mapping[str, str]
    in_place: tuple[str, ...] = ()

    def hidden(self) -> list[str]:
        """Entries of the host's root, or of its folders that are empty in an image, that are not shown."""
        found = set()
        for path in self.paths:
            top, _, rest = path.strip("/").partition("/")
            if any(path == place or path.startswith(f"{place}/") for place in self.in_place):
                continue
            if top in SPARSE and rest:
                found.add(f"/{top}/{rest.partition('/')[0]}")
            elif top and top not in _SYSTEM:
                found.add(f"/{top}")
        return sorted(found)


@dataclass(frozen=True)
class ImageRoot:
    """The root folder of a real image, shared and never written to, and the user that its main is."""

    folder: Path
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Container:
    """What to run, and what it sees.

    `tmp` is the folder behind /tmp (None: a fresh one, removed afterwards). `folders` are the image's: its
    own files, which stay where they are even if /tmp or a mount would hide them. `literal_text` are texts,
    such as a script's source, that must not hold a mount path where paths are rewritten. `layer` is an
    empty folder for what it changes in its root folder (None: memory), of no use afterwards. `address` is
    its pod's (addresses.py), where it has what it binds on all addresses or on loopback; `hosts` are names
    and their addresses that its /etc/hosts has besides the machine's. With an `image` it sees that instead of
    this machine's files.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    workdir: str | Path = "/"
    mounts: tuple[Mount, ...] = ()
    tmp: Path | None = None
    folders: tuple[Mount, ...] = ()
    literal_text: tuple[str, ...] = ()
    layer: Path | None = None
    outputs: Outputs | None = None
    address: str | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    image: ImageRoot | None = None


def isolation() -> Isolation:
    """How mounts are had on this machine; tried out once, or said by $ARGOLANE_ISOLATION."""
    return spawner.current().isolation


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
            specification = _specification(container, fresh, isolation())
            return launch(container.name, specification, output, errors)
        except BaseException as error:
            if fresh:
                shutil.rmtree(fresh, ignore_errors=True)
            if isinstance(error, OSError):
                raise ArgolaneError(f"Container {container.name!r} cannot start: {error}.") from None
            raise


def _specification(container: Container, fresh: Path | None, kind: Isolation) -> dict[str, object]:
    tmp = str((container.tmp or fresh or Path(_TMP)).absolute())
    mounts = [_checked(container.name, mount) for mount in container.mounts]
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
    if container.image and kind == "none":
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
        "image": container.image and _image(container, container.image, {mount.target for mount in mounts}),
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


def _checked(name: str, mount: Mount) -> Mount:
    target = os.path.normpath(mount.target)
    if not target.startswith("/") or target.strip("/") in ("", "proc", "dev", "sys"):
        raise ArgolaneError(
            f"Container {name!r}: cannot mount at {mount.target!r}; expected an absolute path other than /, "
            "/proc, /dev and /sys."
        )
    return Mount(mount.source.absolute(), target, mount.read_only)


def _open(place: int | Path, ends: contextlib.ExitStack) -> int:
    if isinstance(place, int):
        return place
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    ends.callback(os.close, descriptor)
    return descriptor
