"""`-f FILE|-|FOLDER` and `-k FOLDER` in, the documents in them out: what apply, delete and wait share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from argolane.errors import ManifestError, UsageError

if TYPE_CHECKING:
    from argolane.manifest import Document

_SUFFIXES = (".yaml", ".yml", ".json")
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def files_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """-f, -k and -R."""
    for option in (
        click.option("-R", "--recursive", is_flag=True, help="Of a folder of -f: the folders in it too."),
        click.option(
            "-k", "--kustomize", "folders", multiple=True, metavar="FOLDER", help="A kustomization."
        ),
        click.option(
            "-f",
            "--filename",
            "files",
            multiple=True,
            metavar="FILE|-|FOLDER",
            help="Manifests; - is stdin. May be repeated.",
        ),
    ):
        command = option(command)
    return command


def documents(files: tuple[str, ...], folders: tuple[str, ...], *, recursive: bool) -> "list[Document]":
    """All of them; ManifestError with what is wrong with any of the files."""
    if files.count("-") > 1:
        raise UsageError("-f -: there is one stdin.")
    found: list[Document] = []
    faults: list[str] = []
    for place, kustomized in (*((each, False) for each in files), *((each, True) for each in folders)):
        try:
            found += _kustomized(place) if kustomized else _read(place, recursive=recursive)
        except ManifestError as error:
            faults += error.faults
    if faults:
        raise ManifestError(faults)
    if not found:
        raise ManifestError([f"{' '.join((*files, *folders))}: no document."])
    return found


def _read(place: str, *, recursive: bool) -> "list[Document]":
    from argolane.manifest import objects, stdin

    if place == "-":
        return stdin()
    if "://" in place:
        raise ManifestError([f"{place}: is not on this machine; download it first."])
    path = Path(place)
    if not path.is_dir():
        return objects(path)
    if any((path / name).is_file() for name in _KUSTOMIZATIONS):
        raise ManifestError([f"{path}: is a kustomization. Use: -k {place}"])
    paths = list(_inside(path, recursive=recursive))
    if not paths:
        more = "" if recursive else "; -R looks into the folders in it"
        raise ManifestError([f"{path}: holds no {', '.join(_SUFFIXES)} file{more}."])
    found: list[Document] = []
    faults: list[str] = []
    for each in paths:
        try:
            found += objects(each)
        except ManifestError as error:
            faults += error.faults
    if faults:
        raise ManifestError(faults)
    return found


def _kustomized(place: str) -> "list[Document]":
    from argolane.kubernetes import kustomize

    return kustomize.build(Path(place))


def _inside(folder: Path, *, recursive: bool) -> Iterator[Path]:
    files = folder.rglob("*") if recursive else folder.iterdir()
    return iter(sorted(path for path in files if path.suffix in _SUFFIXES and path.is_file()))
