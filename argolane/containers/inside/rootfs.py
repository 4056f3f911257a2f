"""Mounts in, a root folder of the container's own out: the host to read, /tmp and the mounts to write.

Nothing is ever made in the host's folders: the new root is a tmpfs that holds every entry of the host's
root as a read-only bind mount, and a folder that lacks a mount's target is replaced by a tmpfs that holds
its entries the same way. All of it lives in the mount namespace of the calling process and ends with it.
"""

# A fork of this process has milliseconds, and paths here are often descriptors: no pathlib.
# ruff: noqa: PTH102, PTH103, PTH110, PTH112, PTH115, PTH116, PTH211

import errno
import os
import posixpath
import stat
from typing import TypedDict

from argolane.containers.inside import linux

_OWN = ("dev", "proc", "tmp")
TMP, _SHARED_MEMORY, _VAR_TMP = "/tmp", "/dev/shm", "/var/tmp"  # noqa: S108
_QUIET = linux.MS_NOSUID | linux.MS_NODEV


class MountSpec(TypedDict):
    source: str
    target: str
    read_only: bool
    host: bool  # a folder of the machine at its own path: nothing is made in it


class SetupError(Exception):
    """The container cannot be set up; the text says why."""


def enter(tmp: str, mounts: list[MountSpec]) -> None:
    """Makes the root and makes it this process's; `tmp` becomes /tmp. Needs new mount and PID namespaces."""
    if os.path.realpath(_SHARED_MEMORY) != _SHARED_MEMORY:
        raise SetupError(f"{_SHARED_MEMORY} is a link")  # as on systems of 2014: they get no namespaces
    linux.mount("", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    sources = [_open(m["source"], f"mount {m['target']}") for m in mounts]
    tmp_folder = _open(tmp, "the private /tmp")
    host = os.open("/", os.O_PATH)
    # The new root needs a folder to hang on until it is the root, one that no bind mount below copies along
    # with what hangs on it: /dev/shm, because /dev is bound while the new root is empty.
    linux.mount("argolane", _SHARED_MEMORY, kind="tmpfs", flags=_QUIET, data="mode=755")
    os.chdir(_SHARED_MEMORY)
    for name in _OWN:
        os.mkdir(name)
    linux.mount("/dev", "dev", flags=linux.MS_BIND | linux.MS_REC)
    linux.mount("shm", "dev/shm", kind="tmpfs", flags=_QUIET, data="mode=1777")
    _mirror(host, ".", without=_OWN)
    _bind(tmp_folder, "tmp")
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
    ours = [os.stat("/").st_dev]
    private = {TMP: True, _SHARED_MEMORY: True, _VAR_TMP: True}
    for source, mount in sorted(zip(sources, mounts, strict=True), key=lambda m: m[1]["target"].count("/")):
        _place(source, mount["target"], private, ours)
        private[os.path.realpath(mount["target"])] = not mount["host"]
    for mount in mounts:
        if mount["read_only"]:
            _set_read_only(mount["target"])
    for descriptor in (*sources, tmp_folder, host):
        os.close(descriptor)


def _open(path: str, what: str) -> int:
    try:
        return os.open(path, os.O_PATH)
    except OSError as error:
        raise SetupError(f"{what}: {path}: {error.strerror}") from None


def _bind(source: int, target: str) -> None:
    linux.mount(f"/proc/self/fd/{source}", target, flags=linux.MS_BIND | linux.MS_REC)


def _mirror(source: int, target: str, *, without: tuple[str, ...] = ()) -> None:
    """Every entry of the folder `source` bound read-only (links: copied) into the empty folder `target`."""
    inside = f"/proc/self/fd/{source}"
    for entry in os.scandir(inside):
        if entry.name in without:
            continue
        place = f"{target}/{entry.name}"
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), place)
            continue
        folder = entry.is_dir()
        if folder:
            os.mkdir(place)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_CLOEXEC))
        try:
            linux.mount(entry.path, place, flags=linux.MS_BIND | linux.MS_REC)
        except FileNotFoundError:  # it was removed meanwhile
            (os.rmdir if folder else os.unlink)(place)
            continue
        _protect(place)


def _protect(place: str) -> None:
    try:
        linux.set_read_only(place)
    except OSError as error:
        # Before Linux 5.12, and where a filter forbids it, file modes alone protect the host's files.
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            raise


def _place(source: int, target: str, private: dict[str, bool], ours: list[int]) -> None:
    folder = stat.S_ISDIR(os.fstat(source).st_mode)
    try:
        if not os.path.exists(target):
            _make_folder(target if folder else posixpath.dirname(target), private, ours)
            if not folder:
                os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC))
        _bind(source, target)
    except OSError as error:
        raise SetupError(f"mount {target}: {error.strerror}") from None


def _make_folder(path: str, private: dict[str, bool], ours: list[int]) -> None:
    """Makes `path`; where that would write to the host, the host's folder is first replaced by its mirror.

    `ours` are the devices of the tmpfs made here; `private` says of mounted folders whether they may be
    written to, and so of what is in them.
    """
    existing = path
    while not os.path.exists(existing):
        existing = posixpath.dirname(existing)
    existing = os.path.realpath(existing)
    around = [folder for folder in private if f"{existing}/".startswith(f"{folder}/")]
    own = around and private[max(around, key=len)]
    if not own and os.stat(existing).st_dev not in ours:
        host = os.open(existing, os.O_PATH)
        linux.mount("argolane", existing, kind="tmpfs", flags=linux.MS_NOSUID, data="mode=755")
        _mirror(host, existing)
        os.close(host)
        ours.append(os.stat(existing).st_dev)
    os.makedirs(path, exist_ok=True)


def _set_read_only(target: str) -> None:
    # Flags the source's own mount has may not be dropped inside a user namespace: say them again.
    kept = os.statvfs(target).f_flag & (linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    linux.mount("", target, flags=linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | kept)
