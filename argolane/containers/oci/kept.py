"""A store in, the images in it out: how large, when used last; and what nobody needs any more removed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from argolane.containers.oci import names, roots
from argolane.containers.oci.documents import Blob, Manifest
from argolane.containers.oci.store import Known, Store
from argolane.errors import ArgolaneError, unknown


@dataclass(frozen=True)
class Kept:
    """`size`: bytes as they came, layers shared with others included; `unpacked`: those of its root folder,
    None where there is none; `used`: when a container was last started, or it came; `busy`: a process uses
    it."""

    known: Known
    size: int
    unpacked: int | None
    used: float
    busy: bool


def every(store: Store) -> list[Kept]:
    """The images, by name; those that are no longer whole are left out."""
    found = []
    for known in store.images():
        try:
            manifest = store.manifest(known.manifest, known.name)
            folder = roots.place(store, store.config(manifest, known.name))
        except ArgolaneError:
            continue
        size = sum(blob.size for blob in _blobs(manifest))
        used = max(known.came, roots.used(folder))
        unpacked = roots.size(folder)
        found.append(Kept(known, size, unpacked, used, unpacked is not None and roots.is_held(folder)))
    return found


def remove(store: Store, reference: str) -> int:
    """Forget a name, and what no other image needs; the bytes freed. ArgolaneError for one that is not here,
    or in use."""
    name = names.of(reference).full
    there = {each.known.name: each for each in every(store)}
    if name not in there:
        all_names = [known.name for known in store.images()]
        if name not in all_names:
            raise ArgolaneError(unknown("image", name, all_names))
    elif there[name].busy:
        raise ArgolaneError(f"Image {reference!r} is in use: a process runs containers of it.")
    with store.removing():
        store.forget(name)
        return _sweep(store)


def prune(store: Store, *, unused: float) -> Iterator[tuple[str, int]]:
    """Remove the images that no process uses and that nobody asked for in that many seconds; yields name and
    bytes freed."""
    for each in every(store):
        if not each.busy and time.time() - each.used >= unused:
            with store.removing():
                store.forget(each.known.name)
                yield each.known.name, _sweep(store)
    with store.removing():
        if freed := _sweep(store):
            yield "what pulls that broke off left", freed


def _sweep(store: Store) -> int:
    """Blobs and root folders that no name leads to."""
    wanted: set[Path] = set()
    folders: set[Path] = set()
    for known in store.images():
        wanted.add(store.path(known.manifest))
        try:
            manifest = store.manifest(known.manifest, known.name)
            wanted |= {store.path(blob.digest) for blob in _blobs(manifest)}
            chain = roots.place(store, store.config(manifest, known.name))
        except ArgolaneError:
            continue
        folders.add(chain.with_name(chain.name.removesuffix(".mine")))
    freed = 0
    for file in store.folder.glob("blobs/*/*"):
        if file not in wanted:
            freed += file.stat().st_size
            file.unlink()
    for folder in [path for path in store.folder.glob("roots/*") if path.is_dir()]:
        if folder.with_name(folder.name.removesuffix(".mine")) not in folders:
            size = roots.size(folder) or 0
            if roots.remove(folder):
                freed += size
    return freed


def _blobs(manifest: Manifest) -> set[Blob]:
    return {manifest.config, *manifest.layers}
