"""A container that has ended in, its template's outputs out: parameters from files, result from stdout."""

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.containers.sandbox import Mount

RESULT_BYTES = 256 * 1024


@dataclass(frozen=True)
class View:
    """Where a path of the main container lies on this machine."""

    mounts: tuple[Mount, ...]
    tmp: Path
    own: tuple[Mount, ...] = ()

    def locate(self, path: str) -> Path | None:
        """The file behind a path of the container; None when it is on its read-only image."""
        path = posixpath.normpath(path)
        places = [(mount.target, mount.source) for mount in (*self.mounts, *self.own)]
        places.append(("/tmp", self.tmp))  # noqa: S108  (the container's own)
        for target, source in sorted(places, key=lambda place: -len(place[0])):
            if path == target:
                return source
            if path.startswith(target.rstrip("/") + "/"):
                return source / path[len(target) :].lstrip("/")
        return None

    def on_volume(self, path: str) -> bool:
        path = posixpath.normpath(path)
        return any(path == m.target or path.startswith(m.target.rstrip("/") + "/") for m in self.mounts)


class OutputError(Exception):
    """An output could not be saved; the text is what Argo's wait container would say."""


def declared(template: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a template with no values yet but fixed ones."""
    outputs = template.get("outputs") or {}
    plain: dict[str, Any] = {}
    if outputs.get("parameters"):
        plain["parameters"] = [dict(parameter) for parameter in outputs["parameters"]]
    return plain


def save_parameters(parameters: list[dict[str, Any]], view: View) -> None:
    """Fill in the values in order; OutputError at the first file that is missing and has no default."""
    for parameter in parameters:
        source = parameter.get("valueFrom") or {}
        if not source.get("path"):
            continue
        text = _read(str(source["path"]), view, source.get("default"))
        parameter["value"] = text.removesuffix("\n")


def _read(path: str, view: View, default: object) -> str:
    file = view.locate(path)
    try:
        if file is None or not was_written(file):
            raise FileNotFoundError
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        if default is not None:
            return str(default)
        shown = posixpath.normpath(path)
        place = f"/mainctrfs{shown}" if view.on_volume(path) else f"/var/run/argo/outputs/parameters{shown}"
        if isinstance(error, IsADirectoryError):
            raise OutputError(f"read {place}: is a directory") from None
        raise OutputError(f"open {place}: no such file or directory") from None


def was_written(file: Path) -> bool:
    """A file that only stands there so that the container could write to it does not count."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return False
    return not (found.st_size == 0 and found.st_mtime_ns == 0)


def own_mounts(paths: list[str], view: View, folder: Path) -> tuple[Mount, ...]:
    """Writable places for outputs that lie neither on a volume nor in /tmp: an image's own folders are
    read-only here. A folder that is not there or empty is given whole, else the file alone."""
    found: dict[str, Mount] = {}
    for path in paths:
        path = posixpath.normpath(path)
        parent = posixpath.dirname(path)
        if view.locate(path) is not None or path in found or parent in found:
            continue
        number = len(found)
        if parent != "/" and not _holds_anything(Path(parent)):
            place = folder / str(number)
            place.mkdir(parents=True, exist_ok=True)
            found[parent] = Mount(place, parent)
        elif not Path(path).exists():
            folder.mkdir(parents=True, exist_ok=True)
            place = folder / f"{number}.file"
            place.touch()
            os.utime(place, ns=(0, 0))
            found[path] = Mount(place, path)
    return tuple(found.values())


def _holds_anything(folder: Path) -> bool:
    try:
        return any(True for _ in folder.iterdir())
    except FileNotFoundError:
        return False
    except OSError:
        return True


def result_of(tail: bytes) -> str:
    """outputs.result: the last 256 kB of stdout without its one trailing newline."""
    return tail.removesuffix(b"\n")[-RESULT_BYTES:].decode("utf-8", "replace")
