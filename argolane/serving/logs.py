"""A log file in, what it tells out: the last lines of a container that died, the lives that it had.

A container that is started again goes on in the same file; beside it stands where each life began.
"""

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


def begins(path: Path, at: int) -> None:
    """A container starts, whose output stands in its log from there on."""
    with _beginnings(path).open("a", encoding="ascii") as file:
        file.write(f"{at}\n")


def lives(path: Path) -> list[int]:
    """Where each life of a container begins in its log, the first one first."""
    try:
        return [int(line) for line in _beginnings(path).read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return [0]


def _beginnings(path: Path) -> Path:
    return path.with_name(f".{path.stem}.begins")


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
