"""A file or folder in, its archive out, and the way back: gzipped tar, zip, or as it is."""

import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any


def pack(source: Path, target: Path, name: str, archive: Mapping[str, Any]) -> None:
    """Make `target` of a file or folder, which is called `name` inside; whole, or nothing of it."""
    new = target.with_name(f".{target.name}.new")
    try:
        _pack(source, new, name, archive)
        if target.is_dir():
            shutil.rmtree(target)
        new.replace(target)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        new.unlink(missing_ok=True)
        raise


def unpack(source: Path, place: Path, archive: Mapping[str, Any]) -> None:
    """Put what `source` holds at `place`; without `archive`, a tar is told by its content."""
    if archive.get("none") is not None:
        _copy(source, place)
    elif archive.get("zip") is not None:
        with zipfile.ZipFile(source) as file:
            _extract(file.extractall, place)
    elif archive.get("tar") is not None or (source.is_file() and tarfile.is_tarfile(source)):
        with tarfile.open(source) as packed:
            # Before Python 3.11.4 there is no such filter: what leaves the folder is refused by ours.
            packed.extraction_filter = getattr(tarfile, "tar_filter", None)
            _extract(lambda folder: packed.extractall(folder, _inside(packed, folder)), place)  # noqa: S202
    else:
        _copy(source, place)


def _pack(source: Path, new: Path, name: str, archive: Mapping[str, Any]) -> None:
    if archive.get("none") is not None:
        _copy(source, new)
    elif archive.get("zip") is not None:
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as file:
            for each in [source, *sorted(source.rglob("*"))] if source.is_dir() else [source]:
                file.write(each, Path(name) / each.relative_to(source))
    else:
        level = (archive.get("tar") or {}).get("compressionLevel")
        with tarfile.open(new, "w:gz", compresslevel=6 if level is None else int(level)) as packed:
            packed.add(source, arcname=name)


def _extract(unpack: Callable[[Path], None], place: Path) -> None:
    """As Argo does: an archive of one entry becomes that entry, of several a folder of them."""
    scratch = place.with_name(f".{place.name}.unpack")
    scratch.mkdir(parents=True, exist_ok=True)
    unpack(scratch)
    entries = list(scratch.iterdir())
    found = entries[0] if len(entries) == 1 else scratch
    if place.is_dir():
        place.rmdir()
    found.rename(place)
    shutil.rmtree(scratch, ignore_errors=True)


def _inside(packed: tarfile.TarFile, folder: Path) -> Iterator[tarfile.TarInfo]:
    """Every member, each after those before it were extracted: a link may lead out of the folder."""
    root = folder.resolve()
    for member in packed:
        member.name = member.name.lstrip("/")
        if not Path(os.path.realpath(root / member.name)).is_relative_to(root):
            raise tarfile.TarError(f"{member.name!r} would be outside of the folder that it is unpacked in")
        yield member


def _copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, place)
