"""A log file in, its last lines out: what a message shows of a container that died."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

_ERROR = re.compile(r"^(\w+\.)*\w*(Error|Exception|Interrupt|Exit)\b.*")
# gunicorn's farewell below the traceback tells nothing more.
_NOISE = re.compile(r"(Shutting down: Master|Reason: Worker failed to boot|Worker exiting|Booting worker)")


def tail(path: Path, *, start: int = 0, lines: int = 12, most: int = 16_384) -> list[str]:
    """The last non-empty lines after byte `start`; at most `most` bytes are read."""
    try:
        with path.open("rb") as file:
            file.seek(max(start, file.seek(0, os.SEEK_END) - most))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip() and not _NOISE.search(line)][-lines:]


def cause(lines: Sequence[str]) -> str:
    """The last line that looks like an exception's own, else the last line, else ''."""
    for line in reversed(lines):
        if _ERROR.match(line):
            return line
    return lines[-1] if lines else ""
