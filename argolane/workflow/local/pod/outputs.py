"""A container that has ended in, its template's outputs out: parameters from files, result from stdout."""

import contextlib
import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argolane.containers.inside.collecting import AT, ERROR
from argolane.containers.sandbox import Mount, Outputs

RESULT_BYTES = 256 * 1024
_TMP = "/tmp"  # noqa: S108  (the container's own)


@dataclass(frozen=True)
class View:
    """Where a path of the main container lies on this machine; `kept` are its outputs once it has ended."""

    mounts: tuple[Mount, ...]
    tmp: Path
    own: tuple[Mount, ...] = ()
    kept: Outputs | None = None

    def locate(self, path: str) -> Path | None:
        """The file behind a path of the container; None when it is in its root folder."""
        path = posixpath.normpath(path)
        places = [(mount.target, mount.source) for mount in (*self.mounts, *self.own)]
        places.append((_TMP, self.tmp))
        for target, source in sorted(places, key=lambda place: -len(place[0])):
            if path == target:
                return source
            if path.startswith(target.rstrip("/") + "/"):
                return source / path[len(target) :].lstrip("/")
        return None

    def output(self, path: str) -> Path | None:
        """What main left at a path; None when nothing is there. Only a link to a folder is a link."""
        name = None if self.kept is None else self.kept.paths.get(posixpath.normpath(path))
        if self.kept is None or name is None:
            return self.locate(path)
        place = self.kept.folder / name
        with contextlib.suppress(FileNotFoundError):
            number = int((place.with_name(name + ERROR)).readlink().name)
            raise OSError(number, os.strerror(number), path)
        with contextlib.suppress(FileNotFoundError):
            return self.locate(str(place.with_name(name + AT).readlink()))
        return place if os.path.lexists(place) else None

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
    try:
        file = view.output(path)
        if file is None:
            raise FileNotFoundError
        if file.is_symlink() and not view.on_volume(path):
            raise IsADirectoryError
        return file.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        if default is not None:
            return str(default)
        shown = posixpath.normpath(path)
        place = f"/mainctrfs{shown}" if view.on_volume(path) else f"/var/run/argo/outputs/parameters{shown}"
        if isinstance(error, IsADirectoryError):
            raise OutputError(f"read {place}: is a directory") from None
        raise OutputError(f"open {place}: no such file or directory") from None


def to_keep(template: Mapping[str, Any], view: View, folder: Path) -> Outputs:
    """The outputs that are on no volume, to be kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [path for path in dict.fromkeys(_paths(template)) if not view.on_volume(path)]
    in_place = (_TMP, *(mount.target for mount in (*view.mounts, *view.own)))
    return Outputs(folder, {path: str(number) for number, path in enumerate(paths)}, in_place)


def stand_ins(template: Mapping[str, Any], view: View, folder: Path) -> tuple[Mount, ...]:
    """Without mounts, a place of its own for each output that lies neither on a volume nor in /tmp. It is
    main that makes the output; a folder around it that this machine lacks is there, as /tmp is."""
    found: dict[str, Mount] = {}
    for number, path in enumerate(dict.fromkeys(_paths(template))):
        if view.locate(path) is not None:
            continue
        place = folder / str(number)
        place.mkdir(parents=True, exist_ok=True)
        parent = posixpath.dirname(path)
        if parent != "/" and not _holds_anything(Path(parent)):
            found.setdefault(parent, Mount(place, parent))
        else:
            found[path] = Mount(place / posixpath.basename(path), path)
    return tuple(found.values())


def _paths(template: Mapping[str, Any]) -> list[str]:
    declared = template.get("outputs") or {}
    paths = [(p.get("valueFrom") or {}).get("path") for p in declared.get("parameters") or ()]
    paths += [artifact.get("path") for artifact in declared.get("artifacts") or ()]
    return [posixpath.normpath(str(path)) for path in paths if path]


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
