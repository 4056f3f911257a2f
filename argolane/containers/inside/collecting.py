"""Paths of a container that has ended in, copies of what it left there out, for whoever waits for it.

Done by the container's first process, which alone sees what main saw: its image's files, its changes to them,
and where its links lead.
"""

# In a process that has milliseconds: no pathlib, no shutil.
# ruff: noqa: PTH101, PTH102, PTH110, PTH112, PTH114, PTH115, PTH123, PTH208, PTH211

import contextlib
import os
import stat
from collections.abc import Mapping, Sequence

AT, ERROR = ".at", ".error"
_AT_ONCE = 1 << 24


def collect(outputs: Mapping[str, str], in_place: Sequence[str], folder: int) -> None:
    """A copy of each path of `outputs` as the entry of `folder` with the name given; of a link to a folder,
    as in Argo's archives, the link.

    For what lies below one of `in_place` there is a link NAME.at instead that tells where, and for what
    cannot be copied one NAME.error that tells the number of the error. What is not there has no entry.
    """
    os.fchdir(folder)
    for path, name in outputs.items():
        found = os.path.realpath(path)
        if not os.path.exists(found):
            continue
        link = os.path.islink(path) and os.path.isdir(found)
        if not link and lies_in(found, in_place):
            os.symlink(found, f"{name}{AT}")
            continue
        try:
            _copy(path if link else found, name)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.symlink(str(error.errno), f"{name}{ERROR}")


def lies_in(path: str, folders: Sequence[str]) -> bool:
    """Whether it is one of them, or below one."""
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _copy(source: str, target: str) -> None:
    status = os.lstat(source)
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(source), target)
        return
    if stat.S_ISDIR(status.st_mode):
        os.mkdir(target)
        for name in os.listdir(source):
            _copy(f"{source}/{name}", f"{target}/{name}")
    elif stat.S_ISREG(status.st_mode):
        with open(source, "rb") as reader, open(target, "xb") as writer:
            while os.sendfile(writer.fileno(), reader.fileno(), None, _AT_ONCE):
                pass
    else:
        return  # a socket or a pipe, which no archive holds
    os.chmod(target, stat.S_IMODE(status.st_mode) & 0o1777 | stat.S_IRUSR)  # no set-id bits
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
