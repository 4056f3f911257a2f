"""A folder of the host in, the same to read and to write out: what is written never reaches the host.

An overlay: the host's folder below, what the container changes above, in a folder of this run or in memory.
Where the kernel takes none (before Linux 5.11, and in a user namespace a folder that holds other mounts), the
folder is there to read only, and what has to be written is opened up: an empty folder that holds every entry
as a read-only bind mount.
"""

# A fork of this process has milliseconds, and paths here are often descriptors: no pathlib.
# ruff: noqa: PTH101, PTH102, PTH115, PTH123, PTH211

import contextlib
import errno
import os
import stat
from collections.abc import Collection, Iterator

from argolane.containers.inside import linux

# Folders that are empty in an image, or nearly so, whatever the host keeps there.
SPARSE = ("home", "media", "mnt", "opt", "root", "srv")
# Of no use in a container, and on a machine that runs others there are hundreds.
_NOT_SHOWN = ("overlay", "nsfs")


class Layers:
    """Where the changes lie: the first of `stores` that the kernel takes. `user`: in a user namespace."""

    def __init__(self, stores: list[int], *, user: bool) -> None:
        self._stores, self._user = stores, user
        self._mounts = [] if user else list(_mount_points())

    def add(self, host: int, name: str, target: str, hidden: Collection[str]) -> bool:
        """The host's folder /`name` at `target`, without `hidden` entries; whether it can be written to."""
        for store in self._stores:
            try:
                self._overlay(store, host, name, target, hidden)
            except OSError:
                continue
            self._show_mounts(f"/{name}/", target, hidden)
            return True
        source = os.open(name, os.O_PATH, dir_fd=host)
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

    def _overlay(self, store: int, host: int, name: str, target: str, hidden: Collection[str]) -> None:
        below = os.stat(name, dir_fd=host)
        place = f"/proc/self/fd/{store}"
        upper, work = f"{place}/upper/{name}", f"{place}/work/{name}"
        for folder in (upper, work):
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder)
        # The user of a user namespace is nobody in a folder of root's, and would be root in a pod.
        os.chmod(upper, stat.S_IMODE(below.st_mode) | (0o700 if self._user else 0))
        lower = f"/proc/self/fd/{host}/{name}"
        for entry in hidden:
            if os.path.lexists(f"{lower}/{entry}") and not os.path.lexists(f"{upper}/{entry}"):
                os.mknod(
                    f"{upper}/{entry}", stat.S_IFCHR, os.makedev(0, 0)
                )  # an overlay's word for "not there"
        options = f"lowerdir={lower},upperdir={upper},workdir={work}" + (",userxattr" if self._user else "")
        linux.mount("overlay", target, kind="overlay", data=options)

    def _show_mounts(self, inside: str, target: str, hidden: Collection[str]) -> None:
        """An overlay shows one file system; what is mounted in it is bound over it."""
        for point in self._mounts:
            below = point.removeprefix(inside)
            if below == point or below.partition("/")[0] in hidden:
                continue
            with contextlib.suppress(OSError):
                linux.mount(point, f"{target}/{below}", flags=linux.MS_BIND | linux.MS_REC)
                protect(f"{target}/{below}")


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


def _mount_points() -> Iterator[str]:
    """Of this machine, those that are not within another one but /."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        lines = [line.split() for line in stream]
    points = {
        fields[4].encode("utf-8", "surrogateescape").decode("unicode_escape").encode("latin-1")
        for fields in lines
        if fields[fields.index("-") + 1] not in _NOT_SHOWN
    }
    shown: list[str] = []
    for point in sorted(map(os.fsdecode, points - {b"/"})):
        if not shown or not point.startswith(f"{shown[-1]}/"):
            shown.append(point)
    yield from shown
