"""Mounts in, a root folder of the container's own out: as in a pod, all of it can be written to.

The new root is an empty folder that shows every folder of the host's root (layers.py), except those `hidden`,
and files as read-only bind mounts. Nothing is ever made in the host's folders; all of it lives in the mount
namespace of the calling process and ends with it, but for the changes that are kept in `layer`.
"""

# A fork of this process has milliseconds, and paths here are often descriptors: no pathlib.
# ruff: noqa: PTH102, PTH103, PTH105, PTH106, PTH110, PTH112, PTH113, PTH123

import contextlib
import os
import posixpath
import stat
from collections.abc import Collection
from typing import TypedDict

from argolane.containers.inside import devices, layers, linux

_OWN = ("dev", "proc", "tmp")
_KERNELS = ("sys", "boot")
TMP, _SHARED_MEMORY, _VAR_TMP = "/tmp", "/dev/shm", "/var/tmp"  # noqa: S108
_QUIET = linux.MS_NOSUID | linux.MS_NODEV


class MountSpec(TypedDict):
    source: str
    target: str
    read_only: bool
    host: bool  # a folder of the machine at its own path: nothing is made in it


class SetupError(Exception):
    """The container cannot be set up; the text says why."""


def enter(
    tmp: str,
    mounts: list[MountSpec],
    *,
    user: bool,
    layer: str = "",
    hidden: Collection[str] = (),
    outputs: Collection[str] = (),
    hosts: str = "",
) -> None:
    """Makes the root and makes it this process's. Needs new mount and PID namespaces.

    `tmp` becomes /tmp. `layer` is an empty folder for what is changed in the root folder, '' for memory.
    `outputs` are paths that main has to be able to write, whatever the kernel allows. `hosts` is the text of
    its own /etc/hosts, '' for the machine's.
    """
    if os.path.realpath(_SHARED_MEMORY) != _SHARED_MEMORY:
        raise SetupError(f"{_SHARED_MEMORY} is a link")  # as on systems of 2014: they get no namespaces
    linux.mount("", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    sources = [_open(m["source"], f"mount {m['target']}") for m in mounts]
    tmp_folder = _open(tmp, "the private /tmp")
    host = os.open("/", os.O_PATH)
    stores = [_store(layer, "the changes of the root folder")] if layer else []
    # The new root needs a folder to hang on until it is the root, one of which nothing is shown.
    linux.mount("argolane", _SHARED_MEMORY, kind="tmpfs", flags=_QUIET, data="mode=755")
    stores.append(_store(_SHARED_MEMORY, "memory"))
    if hosts:
        sources.append(_written(f"/proc/self/fd/{stores[-1]}/hosts", hosts))
        mounts = [*mounts, {"source": "", "target": "/etc/hosts", "read_only": False, "host": False}]
    linux.mount(f"/proc/self/fd/{stores[0]}/root", _SHARED_MEMORY, flags=linux.MS_BIND)
    writable = _show(host, layers.Layers(host, stores, user=user), hidden)
    writable |= {"/": True, "/dev": True, "/proc": False, TMP: True, _SHARED_MEMORY: True, _VAR_TMP: True}
    os.chdir(_SHARED_MEMORY)
    for name in _OWN:
        if not os.path.isdir(name):
            os.mkdir(name)
    devices.make(host, "dev")
    linux.mount("shm", "dev/shm", kind="tmpfs", flags=_QUIET, data="mode=1777")
    layers.bind(tmp_folder, "tmp")
    try:
        linux.mount("proc", "proc", kind="proc", flags=_QUIET | linux.MS_NOEXEC)
    except PermissionError:
        # Inside some containers /proc is partly masked, and then a user namespace may not mount its own.
        linux.mount("/proc", "proc", flags=linux.MS_BIND | linux.MS_REC)
    linux.mount(".", "/", flags=linux.MS_MOVE)
    os.chroot(".")
    os.chdir("/")
    if os.path.isdir(_VAR_TMP) and os.path.realpath(_VAR_TMP) == _VAR_TMP:
        linux.mount("tmp", _VAR_TMP, kind="tmpfs", flags=_QUIET, data="mode=1777")
    for source, mount in sorted(zip(sources, mounts, strict=True), key=lambda m: m[1]["target"].count("/")):
        _place(source, mount["target"], writable)
        writable[os.path.realpath(mount["target"])] = not mount["host"]
    for path in outputs:
        with contextlib.suppress(OSError):  # main finds it as it is, and says what it cannot do
            _open_for(path, writable)
    for mount in mounts:
        if mount["read_only"]:
            _set_read_only(mount["target"])
    for descriptor in (*sources, *stores, tmp_folder, host):
        os.close(descriptor)


def _open(path: str, what: str) -> int:
    try:
        return os.open(path, os.O_PATH)
    except OSError as error:
        raise SetupError(f"{what}: {path}: {error.strerror}") from None


def _written(path: str, text: str) -> int:
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return os.open(path, os.O_PATH)


def _store(folder: str, what: str) -> int:
    for name in ("root", "upper", "work"):
        os.mkdir(f"{folder}/{name}", 0o755)
    return _open(folder, what)


def _show(host: int, shown: layers.Layers, hidden: Collection[str]) -> dict[str, bool]:
    """The host's root at the place of the new one, and which paths in it can be written to."""
    if read_only := shown.whole(_SHARED_MEMORY, [path.lstrip("/") for path in hidden]):
        return dict.fromkeys(read_only, False)
    writable = {}
    for entry in os.scandir(f"/proc/self/fd/{host}"):
        path = f"/{entry.name}"
        if entry.name in _OWN or path in hidden:
            continue
        place = _SHARED_MEMORY + path
        if entry.name in _KERNELS or entry.is_symlink() or not entry.is_dir():
            layers.show(entry, place)
            writable[path] = False
            continue
        os.mkdir(place)
        within = [name.removeprefix(f"{path}/") for name in hidden if name.startswith(f"{path}/")]
        try:
            writable[path] = shown.folder(entry.name, place, within)
        except FileNotFoundError:  # it was removed meanwhile
            os.rmdir(place)
    return writable


def _place(source: int, target: str, writable: dict[str, bool]) -> None:
    folder = stat.S_ISDIR(os.fstat(source).st_mode)
    try:
        if not os.path.exists(target):
            _make_folder(target if folder else posixpath.dirname(target), writable)
            if not folder:
                os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC))
        layers.bind(source, target)
    except OSError as error:
        raise SetupError(f"mount {target}: {error.strerror}") from None


def _make_folder(path: str, writable: dict[str, bool]) -> None:
    """Makes `path`; where that would write to the host, or may not be, its folder is opened up first."""
    existing = _existing(path)
    if not (_is_writable(existing, writable) and os.access(existing, os.W_OK)):
        layers.open_up(existing)
        writable[existing] = True
    os.makedirs(path, exist_ok=True)


def _open_for(path: str, writable: dict[str, bool]) -> None:
    """Lets main write `path`, but makes none of the folders that its image lacks."""
    existing = _existing(posixpath.dirname(path))
    if not os.access(existing, os.W_OK):
        layers.open_up(existing)
        writable[existing] = True
    if os.path.isfile(path) and not os.access(path, os.W_OK):
        copy = f"{path}.argolane"
        with open(path, "rb") as reader, open(copy, "xb") as writer:
            writer.write(reader.read())
        if os.path.ismount(path):
            linux.unmount(path)
        os.replace(copy, path)


def _existing(path: str) -> str:
    while not os.path.exists(path):
        path = posixpath.dirname(path)
    return os.path.realpath(path)


def _is_writable(path: str, writable: dict[str, bool]) -> bool:
    around = [folder for folder in writable if f"{path}/".startswith(f"{folder.rstrip('/')}/")]
    return writable[max(around, key=len)]


def _set_read_only(target: str) -> None:
    # Flags the source's own mount has may not be dropped inside a user namespace: say them again.
    kept = os.statvfs(target).f_flag & (linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    linux.mount("", target, flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | kept)
