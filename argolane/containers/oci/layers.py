"""The tar of a layer in, one more layer upon a root folder out: whiteouts, links and owners as in an image.

A layer is not believed. Nothing is written outside the root folder: a name that leads out of it is refused,
and so is one that goes through a link which does; links that an image needs are made as they are and only
followed inside. Set-id bits and capabilities are dropped, devices left out. Nobody else writes in the root
folder meanwhile, so that what was looked at stays true.
"""

# An image has a hundred thousand files: no pathlib.
# ruff: noqa: PTH101, PTH102, PTH108, PTH112, PTH115, PTH208, PTH211

import errno
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from argolane.containers.oci.streams import Bounded, StreamError, unpacked
from argolane.errors import ArgolaneError

_WHITEOUT, _OPAQUE, _AUFS = ".wh.", ".wh..wh..opq", ".wh..wh."
_PIECE = 1 << 20
_LATEST = 2**33
_LARGEST_ID = 2**32 - 2
_DEEPEST, _LONGEST = 255, 4096
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)


@dataclass(frozen=True)
class Limits:
    """Of a whole image, unpacked: bytes of its tars, and files, folders and links."""

    size: int = 64 << 30
    entries: int = 2_000_000


class _EvilError(Exception):
    """The layer is refused; the text says why."""


class Root:
    """A root folder that layers are put upon, lowest first; `owners`: files get the owners that layers say,
    as only root can give them. `left_out` counts devices."""

    def __init__(self, folder: Path, *, owners: bool, limits: Limits | None = None) -> None:
        self.folder = folder
        self.left_out = 0
        self.size = self.entries = 0
        self._owners, self._limits = owners, limits or Limits()
        self._top = os.path.realpath(folder)
        self._real: dict[str, str] = {"": self._top}
        self._times: dict[str, float] = {}
        self._own: set[str] = set()

    def put(self, layer: Path, diff_id: str, what: str) -> None:
        """The file `layer`, whose unpacked tar has the digest `diff_id`. ArgolaneError when it is refused."""
        self._own = set()
        try:
            with layer.open("rb") as stored:
                tar = Bounded(unpacked(stored), self._spend)
                for entry in _entries(tar):
                    self._place(entry, tar)
                found = tar.digest()
        except (_EvilError, StreamError) as refusal:
            raise ArgolaneError(f"{what}: its layer {diff_id[:19]} is refused: {refusal}.") from None
        if found != diff_id:
            raise ArgolaneError(f"{what}: its layer should be {diff_id} when it is unpacked, and is {found}.")

    def finish(self) -> None:
        """Folders get their times, which every file that came later has changed."""
        for path, seconds in self._times.items():
            if os.path.realpath(path) == path and os.path.isdir(path):  # another may have its place by now
                os.utime(path, (seconds, seconds))

    def _spend(self, size: int) -> None:
        self.size += size
        if self.size > self._limits.size:
            raise StreamError(f"the image has more than {self._limits.size >> 20} MiB when it is unpacked")

    def _place(self, entry: tarfile.TarInfo, tar: Bounded) -> None:
        self.entries += 1
        if self.entries > self._limits.entries:
            raise _EvilError(f"the image has more than {self._limits.entries} files")
        try:
            parts = _parts(entry.name, "its entry")
            if not parts:
                if entry.isdir():
                    self._dress(self._top, entry)
                return
            *around, name = parts
            folder = self._folder(around, entry.name)
            if name.startswith(_WHITEOUT):
                self._whiteout(folder, name)
                return
            self._make(f"{folder}/{name}", entry, tar)
        except (ValueError, OverflowError, NotADirectoryError, FileExistsError) as error:
            raise _EvilError(f"{entry.name[:200]!r}: {error}") from None
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise _EvilError(f"{entry.name[:80]!r}...: {error.strerror}") from None

    def _make(self, path: str, entry: tarfile.TarInfo, tar: Bounded) -> None:
        if entry.ischr() or entry.isblk():
            self.left_out += 1
            return
        there = _mode(path)
        if entry.isdir():
            if there is None or not stat.S_ISDIR(there):
                self._remove(path, there)
                os.mkdir(path, 0o700)
            self._times[path] = _time(entry)
        elif entry.type in _FILES and not entry.issparse():
            self._remove(path, there)
            self._write(path, entry, tar)
        elif entry.issym():
            self._remove(path, there)
            os.symlink(entry.linkname, path)
        elif entry.islnk():
            self._link(path, entry, there)
            return
        elif entry.isfifo():
            self._remove(path, there)
            os.mkfifo(path)
        else:
            kind = "a sparse file" if entry.issparse() else f"of the unknown kind {entry.type!r}"
            raise _EvilError(f"{entry.name!r} is {kind}")
        self._own.add(path)
        self._dress(path, entry)

    def _write(self, path: str, entry: tarfile.TarInfo, tar: Bounded) -> None:
        if entry.size < 0:
            raise _EvilError(f"{entry.name!r} has {entry.size} bytes")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as target:
            left = entry.size
            while left:
                piece = tar.read(min(left, _PIECE))
                if not piece:
                    raise _EvilError(f"it ends in the middle of {entry.name!r}")
                target.write(piece)
                left -= len(piece)

    def _link(self, path: str, entry: tarfile.TarInfo, there: int | None) -> None:
        *around, name = _parts(entry.linkname, f"the hard link {entry.name!r} to")
        if not name:
            raise _EvilError(f"{entry.name!r} is a hard link to the root folder")
        target = f"{self._folder(around, entry.linkname)}/{name}"
        mode = _mode(target)
        if mode is None or stat.S_ISDIR(mode):
            raise _EvilError(f"{entry.name!r} is a hard link to {entry.linkname!r}, which is no file in it")
        if target == path:
            return
        self._remove(path, there)
        os.link(target, path, follow_symlinks=False)
        self._own.add(path)

    def _dress(self, path: str, entry: tarfile.TarInfo) -> None:
        if self._owners:
            if not (0 <= entry.uid <= _LARGEST_ID and 0 <= entry.gid <= _LARGEST_ID):
                raise _EvilError(f"{entry.name!r} belongs to user {entry.uid} of group {entry.gid}")
            os.lchown(path, entry.uid, entry.gid)
        if entry.issym():
            return
        # Without set-id bits. The owner of a folder can always write in it, which root could anyway.
        os.chmod(path, entry.mode & 0o1777 | (0o700 if entry.isdir() else 0))
        if not entry.isdir():
            seconds = _time(entry)
            os.utime(path, (seconds, seconds))

    def _whiteout(self, folder: str, name: str) -> None:
        """A name that layers below have is gone; with the opaque one, all that they have in the folder."""
        if name == _OPAQUE:
            self._clear(folder)
        elif not name.startswith(_AUFS):
            gone = name.removeprefix(_WHITEOUT)
            if gone in ("", ".", ".."):
                raise _EvilError(f"its entry {name!r} would remove the folder that it is in")
            path = f"{folder}/{gone}"
            if path not in self._own:
                self._remove(path, _mode(path))

    def _clear(self, folder: str) -> None:
        for name in os.listdir(folder):
            path = f"{folder}/{name}"
            mode = _mode(path)
            if path not in self._own:
                self._remove(path, mode)
            elif mode is not None and stat.S_ISDIR(mode):
                self._clear(path)

    def _remove(self, path: str, mode: int | None) -> None:
        if mode is None:
            return
        if stat.S_ISDIR(mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)
        if stat.S_ISDIR(mode) or stat.S_ISLNK(mode):
            self._real = {"": self._top}

    def _folder(self, parts: list[str], name: str) -> str:
        """The real path of a folder of the image, made where it is missing; _EvilError if it leads out."""
        key = "/".join(parts)
        if (known := self._real.get(key)) is not None:
            return known
        found: list[str] = []
        todo = list(reversed(parts))
        links = 0
        while todo:
            part = todo.pop()
            if part == "..":
                if not found:
                    raise _EvilError(f"{name!r} goes through a link that leads out of the image")
                found.pop()
                continue
            path = "/".join((self._top, *found, part))
            mode = _mode(path)
            if mode is None:
                os.mkdir(path, 0o755)
                self._own.add(path)
            elif stat.S_ISLNK(mode):
                links += 1
                target = os.readlink(path)
                if target.startswith("/"):
                    raise _EvilError(f"{name!r} goes through the link {path[len(self._top) :]} to {target!r}")
                if links > 40:
                    raise _EvilError(f"{name!r} goes through links that never end")
                todo += [each for each in reversed(target.split("/")) if each not in ("", ".")]
                continue
            elif not stat.S_ISDIR(mode):
                self._remove(path, mode)
                os.mkdir(path, 0o755)
                self._own.add(path)
            found.append(part)
        if len(found) > _DEEPEST:
            raise _EvilError(f"{name[:80]!r}... is in more than {_DEEPEST} folders")
        real = self._real[key] = "/".join((self._top, *found))
        return real


def _entries(tar: Bounded) -> Iterator[tarfile.TarInfo]:
    try:
        # Without an index of what has been, which would grow with the archive.
        with tarfile.TarFile(fileobj=cast(BinaryIO, tar), mode="r", errors="surrogateescape") as archive:
            while (entry := archive.next()) is not None:
                vars(archive)["members"] = []
                yield entry
    except tarfile.TarError as error:
        raise StreamError(f"it is no tar archive ({error})") from None


def _parts(name: str, what: str) -> list[str]:
    if name.startswith("/"):
        raise _EvilError(f"{what} {name[:200]!r} is an absolute path")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if len(parts) > _DEEPEST or len(name) > _LONGEST:
        raise _EvilError(f"{what} {name[:80]!r}... is in more than {_DEEPEST} folders, or too long")
    if ".." in parts:
        raise _EvilError(f"{what} {name[:200]!r} leads out of its folder")
    return parts


def _mode(path: str) -> int | None:
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return None


def _time(entry: tarfile.TarInfo) -> float:
    return min(max(0.0, float(entry.mtime)), float(_LATEST))
