"""A `docker save` tar, an OCI layout or a local engine's image in, images in the store out.

Whatever the file says, an image is kept by the digests of what is in it.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from argolane.containers.oci import documents, names
from argolane.containers.oci.documents import Blob
from argolane.containers.oci.names import is_digest
from argolane.containers.oci.store import Known, Store
from argolane.errors import ArgolaneError

_PIECE = 1 << 20
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
Opener = Callable[[str], IO[bytes]]


def load(store: Store, file: Path, *, name: str | None = None) -> list[Known]:
    """The images of the file, under the names that it has, or `name` for its only one. ArgolaneError when it
    holds none, or what it holds is not what it says."""
    if not file.exists():
        raise ArgolaneError(f"{file}: no such file or folder.")
    with store.adding():
        if file.is_dir():
            return _load(store, lambda part: (file / part).open("rb"), str(file), name)
        try:
            with tarfile.open(file) as archive:
                return _load(store, _opener(archive), str(file), name)
        except tarfile.TarError as error:
            raise ArgolaneError(
                f"{file}: not a tar of images, as `docker save` writes it: {error}."
            ) from None


def from_engine(store: Store, engine: str, reference: str) -> list[Known]:
    """The image that `docker` or `podman` of this machine has; ArgolaneError when it has none."""
    program = shutil.which(engine)
    if program is None:
        raise ArgolaneError(
            f"{engine} is not on PATH. Install it, or save the image elsewhere and load the file."
        )
    with tempfile.TemporaryDirectory(prefix="argolane-") as scratch:
        file = Path(scratch, "image.tar")
        with file.open("wb") as stream:
            done = subprocess.run(
                [program, "save", "--", reference], stdout=stream, stderr=subprocess.PIPE, check=False
            )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise ArgolaneError(
                f"{engine} does not give {reference}: {said[-1] if said else done.returncode}"
            )
        return load(store, file, name=reference)


def _opener(archive: tarfile.TarFile) -> Opener:
    members = {member.name.removeprefix("./"): member for member in archive}

    def open_(part: str) -> IO[bytes]:
        member = members.get(part)
        found = archive.extractfile(member) if member and (member.isfile() or member.issym()) else None
        if found is None:
            raise FileNotFoundError(part)
        return found

    return open_


def _load(store: Store, opened: Opener, what: str, name: str | None) -> list[Known]:
    try:
        index = _document(opened, "index.json", what)
    except FileNotFoundError:
        index = None
    try:
        found = list(_saved(store, opened, what) if index is None else _layout(store, opened, index, what))
    except KeyError as error:
        raise ArgolaneError(f"{what}: no {error.args[0]!r} in what it says of its images.") from None
    except FileNotFoundError as error:
        raise ArgolaneError(f"{what}: there is no {error.filename or error} in it; is it whole?") from None
    if name is not None and len(found) != 1:
        raise ArgolaneError(f"{what}: it has {len(found)} images; leave the name out to take all by theirs.")
    known = []
    for manifest, given in found:
        wanted = [name] if name is not None else given
        if not wanted:
            raise ArgolaneError(f"{what}: the image {manifest[:19]} has no name there. Say one with --name.")
        known += [store.record(names.of(each).full, manifest, "file") for each in wanted]
    if not known:
        raise ArgolaneError(f"{what}: there is no image in it.")
    return known


def _layout(
    store: Store, opened: Opener, index: Mapping[str, Any], what: str
) -> Iterator[tuple[str, list[str]]]:
    """The digest of each manifest, and its names."""
    for entry in index["manifests"]:
        digest = entry["digest"]
        content = _content(opened, digest, what)
        document = documents.read(content, what)
        if documents.is_index(document, str(entry.get("mediaType"))):
            digest = documents.of_this_machine(document, what).digest
            content = _content(opened, digest, what)
            document = documents.read(content, what)
        if documents.digest_of(content) != digest:
            raise ArgolaneError(f"{what}: {digest} is {documents.digest_of(content)} in it; it was damaged.")
        manifest = documents.manifest(document, what)
        for blob in (manifest.config, *manifest.layers):
            if not store.has(blob):
                with opened(_place(blob.digest, what)) as stream:
                    store.add(blob, _pieces(stream), what)
        store.add(Blob(digest, len(content)), [content], what)
        store.config(manifest, what)
        notes = entry.get("annotations") or {}
        said = next((notes[key] for key in _NAMES if notes.get(key)), None)
        yield digest, [said] if said and ("/" in said or ":" in said) else []


def _saved(store: Store, opened: Opener, what: str) -> Iterator[tuple[str, list[str]]]:
    """Of Docker before 25: layers by folder, and no digests but those in the config."""
    try:
        entries = json.loads(opened("manifest.json").read(documents.DOCUMENT_BYTES))
    except (ValueError, RecursionError):
        entries = None
    except FileNotFoundError:
        raise ArgolaneError(f"{what}: neither an OCI layout (index.json) nor saved by Docker.") from None
    if not isinstance(entries, list):
        raise ArgolaneError(f"{what}: its manifest.json is broken.")
    for entry in entries:
        layers = [_keep(store, opened, part, what) for part in entry["Layers"]]
        config = _keep(store, opened, entry["Config"], what)
        content = _manifest(config, layers)
        digest = documents.digest_of(content)
        store.add(Blob(digest, len(content)), [content], what)
        store.config(documents.manifest(documents.read(content, what), what), what)
        yield digest, list(entry.get("RepoTags") or ())


def _manifest(config: Blob, layers: Sequence[Blob]) -> bytes:
    def shown(blob: Blob, kind: str) -> dict[str, Any]:
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": blob.digest, "size": blob.size}

    document = {
        "schemaVersion": 2,
        "mediaType": documents.MANIFEST,
        "config": shown(config, "config.v1+json"),
        "layers": [shown(layer, "layer.v1.tar") for layer in layers],
    }
    return json.dumps(document, sort_keys=True).encode()


def _keep(store: Store, opened: Opener, part: str, what: str) -> Blob:
    """Read twice: its digest says under which name it is kept."""
    digest, size = hashlib.sha256(), 0
    with opened(part) as stream:
        for piece in _pieces(stream):
            digest.update(piece)
            size += len(piece)
    blob = Blob(f"sha256:{digest.hexdigest()}", size)
    if not store.has(blob):
        with opened(part) as stream:
            store.add(blob, _pieces(stream), what)
    return blob


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece


def _place(digest: object, what: str) -> str:
    if not is_digest(digest):
        raise ArgolaneError(f"{what}: {digest!r} in its index is no sha256 digest.")
    return f"blobs/{str(digest).replace(':', '/')}"


def _content(opened: Opener, digest: object, what: str) -> bytes:
    with opened(_place(digest, what)) as stream:
        return stream.read(documents.DOCUMENT_BYTES)


def _document(opened: Opener, part: str, what: str) -> dict[str, Any]:
    with opened(part) as stream:
        return documents.read(stream.read(documents.DOCUMENT_BYTES), f"{what}: {part}")
