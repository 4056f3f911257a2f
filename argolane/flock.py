"""A file lock that says that its holder lives: the kernel lets go of it at any death."""

import fcntl
import os
from pathlib import Path


def is_held(file: Path) -> bool:
    """Whether a process holds the exclusive lock on `file`; any number may look at the same time."""
    try:
        # For reading alone: a project that cannot be written to can still be looked at.
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
