"""A log file in, its last lines that tell something out: what a message shows of a container that died."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

_ERROR = re.compile(r"^(\w+\.)*\w*(Error|Exception|Interrupt|Exit)\b.*")
# What gunicorn and the wrapper say on the way out, below the traceback that matters.
_NOISE = re.compile(
    r"^\[[^]]+\] \[\d+\] \[(INFO|DEBUG)\]|Shutting down: Master|Reason: Worker failed to boot"
    r"|\[ERROR\] Worker \(pid:\d+\) exited"
)
_AT_EXIT = re.compile(r"^Exception ignored in")


def tail(path: Path, *, start: int = 0, lines: int = 12, most: int = 32_768) -> list[str]:
    """The last non-empty lines after byte `start`; at most `most` bytes are read."""
    try:
        with path.open("rb") as file:
            file.seek(max(start, file.seek(0, os.SEEK_END) - most))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return _telling([line.rstrip() for line in text.splitlines() if line.strip()])[-lines:]


def cause(lines: Sequence[str]) -> str:
    """The last line that looks like an exception's own, else the last line, else ''."""
    for line in reversed(lines):
        if _ERROR.match(line):
            return line
    return lines[-1] if lines else ""


def _telling(lines: list[str]) -> list[str]:
    kept = []
    at_exit = False
    for line in lines:
        if _AT_EXIT.match(line):
            at_exit = True
        elif at_exit:
            at_exit = not _ERROR.match(line)
        elif not _NOISE.search(line):
            kept.append(line)
    # Better noise than nothing.
    return kept or lines
