"""A folder of the host in, the same to read and to write out: what is written never reaches the host.

An overlay: the host's folder below, what the container changes above, in a folder of this run or in memory.
Where the kernel takes none (before Linux 5.11, and in a user namespace a folder that holds other mounts), the
folder is there to read only, and what has to be written is opened up: an empty folder that holds every entry
as a read-only bind mount.
"""

# A fork of this process has milliseconds, and paths here are often descriptors: no pathlib.
# ruff: noqa: PTH101, PTH102, PTH115, PTH116, PTH123, PTH208
# ruff: noqa: PTH211

import contextlib
import errno
import os
import posixpath
import stat
from collections.abc import Collection

from argolane.containers.inside import linux

# Folders that are empty in an image, or nearly so, whatever the host keeps there.
SPARSE = ("home", "media", "mnt", "opt", "root", "srv")
# Of no use in a container, and on a machine that runs others there are hundreds.
_NOT_SHOWN = ("overlay", "nsfs")
# Made anew for each container.
_APART = ("dev", "proc", "tmp")


class Layers:
    """Where the changes lie: the first of `stores` that the kernel takes. `user`: in a user namespace."""

    def __init__(self, host: int, stores: list[int], *, user: bool) -> None:
        self._host, self._stores, self._user = host, stores, user
        self._mounts = _mount_points()

    def whole(self, target: str, hidden: Collection[str]) -> list[str]:
        """The host's root at `target` in one piece, without `hidden` paths: what in it is read-only. An empty
        list when that cannot be had, as in a user namespace: the root holds other mounts."""
        if self._user or not self._overlaid("", target, hidden):
            return []
        return [*self._show_mounts("/", target, hidden), "/proc"]

    def folder(self, name: str, target: str, hidden: Collection[str]) -> bool:
        """The host's folder /`name` at `target`, without `hidden` entries; whether it can be written to."""
        holds_mounts = any(f"{point}/".startswith(f"/{name}/") for point, _ in self._mounts)
        if name in SPARSE and not holds_mounts and _is_empty(name_of(self._host, name)):
            return True
        if not (self._user and holds_mounts) and self._overlaid(name, target, hidden):
            self._show_mounts(f"/{name}/", target, hidden)
            return True
        source = os.open(name, os.O_PATH, dir_fd=self._host)
        try:
            if name in SPARSE or hidden:
                with contextlib.suppress(PermissionError):
                    mirror(source, target, without=hidden)
                    return True
            bind(source, target)
            protect(target)
            return False
        finally:
            os.close(source)

    def _overlaid(self, name: str, target: str, hidden: Collection[str]) -> bool:
        for store in self._stores:
            try:
                self._overlay(store, name, target, hidden)
            except OSError:
                continue
            return True
        return False

    def _overlay(self, store: int, name: str, target: str, hidden: Collection[str]) -> None:
        lower = name_of(self._host, name)
        upper, work = (f"/proc/self/fd/{store}/{kind}/{name or '-'}" for kind in ("upper", "work"))
        for folder in (upper, work):
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder)
        # The user of a user namespace is nobody in a folder of root's, and would be root in a pod.
        os.chmod(upper, stat.S_IMODE(os.stat(lower).st_mode) | (0o700 if self._user else 0))
        for entry in hidden:
            if os.path.lexists(f"{lower}/{entry}") and not os.path.lexists(f"{upper}/{entry}"):
                if not name:
                    _make_around(f"{upper}/{entry}", f"{lower}/{entry}")
                os.mknod(
                    f"{upper}/{entry}", stat.S_IFCHR, os.makedev(0, 0)
                )  # an overlay's word for "not there"
        # volatile: or the end of each container would wait until the disk has written everything.
        options = f"lowerdir={lower},upperdir={upper},workdir={work},volatile"
        linux.mount("overlay", target, kind="overlay", data=options + (",userxattr" if self._user else ""))

    def _show_mounts(self, inside: str, target: str, hidden: Collection[str]) -> list[str]:
        """An overlay shows one file system; what is mounted in it is bound over it."""
        shown: list[str] = []
        for point, kind in self._mounts:
            below = point.removeprefix(inside)
            if below == point or kind in _NOT_SHOWN or below.partition("/")[0] in _APART:
                continue
            if any(f"{below}/".startswith(f"{entry}/") for entry in hidden):
                continue
            if shown and point.startswith(f"{shown[-1]}/"):
                continue
            with contextlib.suppress(OSError):
                linux.mount(point, f"{target}/{below}", flags=linux.MS_BIND | linux.MS_REC)
                protect(f"{target}/{below}")
                shown.append(point)
        return shown


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(folder)
    except PermissionError:  # nothing in it is of use to the container
        return True


def name_of(folder: int, entry: str) -> str:
    """A path by a descriptor, which needs no escapes among the options of a mount."""
    return f"/proc/self/fd/{folder}/{entry}".rstrip("/")


def _make_around(upper: str, lower: str) -> None:
    """The folder that `upper` is in, as it is around `lower`."""
    folder = posixpath.dirname(upper)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
        os.chmod(folder, stat.S_IMODE(os.stat(posixpath.dirname(lower)).st_mode))


def open_up(folder: str) -> None:
    """Replaces `folder` by a writable one with its entries, which stay read-only."""
    host = os.open(folder, os.O_PATH)
    try:
        linux.mount("argolane", folder, kind="tmpfs", flags=linux.MS_NOSUID, data="mode=755")
        mirror(host, folder)
    finally:
        os.close(host)


def mirror(source: int, target: str, *, without: Collection[str] = ()) -> None:
    """Every entry of the folder `source` bound read-only (links: copied) into the empty folder `target`."""
    for entry in os.scandir(f"/proc/self/fd/{source}"):
        if entry.name not in without:
            show(entry, f"{target}/{entry.name}")


def show(entry: "os.DirEntry[str]", place: str, *, read_only: bool = True) -> None:
    """One entry of a folder of the host's at `place`."""
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), place)
        return
    folder = entry.is_dir()
    if folder:
        os.mkdir(place)
    else:
        os.close(os.open(place, os.O_CREAT | os.O_CLOEXEC))
    try:
        linux.mount(entry.path, place, flags=linux.MS_BIND | linux.MS_REC)
    except FileNotFoundError:  # it was removed meanwhile
        (os.rmdir if folder else os.unlink)(place)
        return
    if read_only:
        protect(place)


def bind(source: int, target: str) -> None:
    linux.mount(f"/proc/self/fd/{source}", target, flags=linux.MS_BIND | linux.MS_REC)


def protect(place: str) -> None:
    try:
        linux.set_read_only(place)
    except OSError as error:
        # Before Linux 5.12, and where a filter forbids it, file modes alone protect the host's files.
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            raise


def _mount_points() -> list[tuple[str, str]]:
    """What is mounted on this machine, but for /, with the kinds of file system, in order of the paths."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        lines = [line.split() for line in stream]
    points = {_plain(fields[4]): fields[fields.index("-") + 1] for fields in lines}
    return sorted((point, kind) for point, kind in points.items() if point != "/")


def _plain(path: str) -> str:
    """Blanks and backslashes are octal numbers there."""
    for escape, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(escape, plain)
    return path
