"""A cache folder in, the Python environments kept in it out: how large, how long unused; gone when pruned.

`environments` makes them and marks each use. One that a process of this machine runs in is never removed.
"""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock


@dataclass(frozen=True)
class Kept:
    """`link` is the name it is found by, and the link's own time the last use."""

    link: Path
    size: int
    used: float
    busy: bool

    @property
    def name(self) -> str:
        return self.link.name


def every(cache: Path) -> Iterator[Kept]:
    """The environments, by name."""
    busy = _in_use()
    for link in sorted(path for path in cache.glob("*") if path.is_symlink() and path.suffix != ".link"):
        folder = link.resolve()
        yield Kept(link, _size(folder), link.lstat().st_mtime, str(folder) in busy)


def prune(cache: Path, *, unused: float) -> Iterator[Kept]:
    """Remove those that no process runs in and that nobody asked for in that many seconds; yields each."""
    for kept in every(cache):
        if kept.busy or time.time() - kept.used < unused:
            continue
        guard = filelock.FileLock(f"{kept.link}.lock")
        try:
            guard.acquire(timeout=0)
        except filelock.Timeout:
            continue
        try:
            folder = kept.link.resolve()
            kept.link.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            guard.release()
        yield kept


def _size(folder: Path) -> int:
    """Bytes on the disk that removing it would free: files that are linked elsewhere free none."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            found = os.lstat(Path(path, name))
            total += found.st_blocks * 512 if found.st_nlink == 1 else 0
    return total


def _in_use() -> set[str]:
    """The environments that processes of this machine say that they run in."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            data = file.read_bytes()
        except OSError:
            continue  # It has ended, or is somebody else's.
        for entry in data.split(b"\0"):
            name, _, value = entry.partition(b"=")
            if name == b"VIRTUAL_ENV":
                found.add(os.fsdecode(value))
    return found
