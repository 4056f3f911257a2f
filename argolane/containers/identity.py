"""A process of this machine in, a name that no later process has out, and whether it still lives.

Whatever outlives the process that made it, as a control group or an engine's container does, carries it.
"""

import os
from pathlib import Path


def own() -> str:
    """That of this process: 4711-83529, its number and when it began."""
    return of(os.getpid())


def of(pid: int) -> str:
    """'' when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        # Where there is no /proc the number has to do, for as long as it is somebody's.
        return f"{pid}-0" if _exists(pid) else ""
    return f"{pid}-{stat.rpartition(')')[2].split()[19]}"


def lives(name: str) -> bool:
    """Whether the process of that name is there; True for what is no such name, which is not ours."""
    number = name.partition("-")[0]
    return not number.isdigit() or of(int(number)) == name


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
