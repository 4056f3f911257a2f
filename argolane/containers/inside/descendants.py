"""A process in, everything below it killed: for containers without a PID namespace.

Daemons are found because `ancestor` is the adopter of orphans (PR_SET_CHILD_SUBREAPER). Where there is no
/proc, main's process group is all that is known.
"""

# A file descriptor for each of many small files, in a process that has milliseconds: no pathlib.
# ruff: noqa: PTH112, PTH123, PTH208

import contextlib
import os
import signal
import time
from collections.abc import Collection

_PATIENCE = 10.0


def kill(ancestor: int, *, group: int = 0, spare: Collection[int] = ()) -> None:
    """Kills and buries until none is left, as one that forks is quicker than one look; not `spare`."""
    if group and not os.path.isdir("/proc/self"):
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    end = time.monotonic() + _PATIENCE
    while (found := _below(ancestor, spare)) and time.monotonic() < end:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)
        for pid in found:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _below(ancestor: int, spare: Collection[int]) -> list[int]:
    """Every descendant, children first; of `spare` and theirs none."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stream:
                parent = int(stream.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue  # it ended meanwhile
        if int(name) not in spare:
            children.setdefault(parent, []).append(int(name))
    found = list(children.get(ancestor, ()))
    for pid in found:  # grows while it is read
        found += children.get(pid, ())
    return found
