"""An image's root folder and a path of its containers in, the file behind it out, and never one outside.

Links are followed as a process in the container follows them: an absolute one begins at the image's root.
"""

import os
import stat
from pathlib import Path

_LINKS = 40


def locate(root: Path, path: str) -> Path | None:
    """None when nothing is there, or links go round in circles."""
    found: list[str] = []
    todo = [part for part in reversed(path.split("/")) if part]
    links = 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            found = found[:-1]
            continue
        place = root.joinpath(*found, part)
        try:
            mode = place.lstat().st_mode
        except OSError:
            return None
        if not stat.S_ISLNK(mode):
            found.append(part)
            continue
        links += 1
        if links > _LINKS:
            return None
        target = str(place.readlink())
        if target.startswith("/"):
            found = []
        todo += [each for each in reversed(target.split("/")) if each]
    return root.joinpath(*found)


def read(root: Path, path: str, *, most: int = 4 << 20) -> str:
    """The beginning of a file as text; '' when it is none, be it a pipe or a device."""
    found = locate(root, path)
    if found is None:
        return ""
    try:
        descriptor = os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ""
        return stream.read(most).decode("utf-8", "replace")
