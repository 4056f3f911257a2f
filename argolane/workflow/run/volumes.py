"""`RUN:VOLUME/PATH` in, its parts out, and one line of a listing: what both runners say of volumes."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from argolane.errors import ArgolaneError, UsageError


@dataclass(frozen=True)
class Entry:
    """A file or folder; `size` is in bytes, None for a folder."""

    name: str
    size: int | None


@dataclass(frozen=True)
class Target:
    """A run or a claim, and a path: of a run it begins with one of its volumes."""

    name: str
    path: str

    def __str__(self) -> str:
        return f"{self.name}:{self.path}"


def target(text: str) -> Target:
    """UsageError for a path that leaves the volume."""
    name, _, path = text.partition(":")
    inside = posixpath.normpath(path.lstrip("/")) if path.strip("/") else ""
    if not name or inside == ".." or inside.startswith("../"):
        raise UsageError(f"{text!r}: expected RUN:VOLUME/PATH or CLAIM:PATH, with a path inside the volume.")
    return Target(name, "" if inside == "." else inside)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Folders first, each kind by name."""
    return sorted(entries, key=lambda entry: (entry.size is not None, entry.name))


def is_a_folder(target: Target, *, on: str = "") -> ArgolaneError:
    """What `cat` says of a folder; `on` is the flag that says where it is."""
    return ArgolaneError(f"{target} is a folder. List it: argolane volume ls {target}{on and f' {on}'}")


def leads_out(target: Target) -> ArgolaneError:
    return ArgolaneError(f"{target} leads out of the volume.")
