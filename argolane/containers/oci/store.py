"""Digests and names of images in, files of this machine out: what was pulled or loaded, each piece once.

`blobs/sha256/` holds content by digest, `names/` a file for each name, `roots/` what was unpacked (roots.py).
A file becomes visible whole, by a rename. Whoever adds holds the store's lock together with others, whoever
removes holds it alone.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import filelock

from argolane import disk
from argolane.containers.oci import documents
from argolane.containers.oci.documents import Blob, Config, Manifest
from argolane.errors import ArgolaneError

_PATIENCE = 10.0


@dataclass(frozen=True)
class Known:
    """An image that is here: its full name (names.py), its manifest's digest, when it came and from where:
    `registry` or `file`."""

    name: str
    manifest: str
    came: float
    source: str


class Store:
    """The images below `folder`, shared by all processes of this user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Where the content of that digest is, or would be."""
        kind, _, digits = digest.partition(":")
        return self.folder / "blobs" / kind / digits

    def has(self, blob: Blob) -> bool:
        try:
            return self.path(blob.digest).stat().st_size == blob.size
        except FileNotFoundError:
            return False

    def add(
        self,
        blob: Blob,
        content: Iterable[bytes],
        what: str,
        *,
        told: Callable[[int], None] = lambda size: None,
    ) -> None:
        """Keep content, if it has the digest and size; `told` hears of each piece's bytes."""
        place = self.path(blob.digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
        digest, size = hashlib.sha256(), 0
        try:
            with new.open("xb") as stream:
                for chunk in content:
                    size += len(chunk)
                    if size > blob.size:
                        break
                    digest.update(chunk)
                    stream.write(chunk)
                    told(len(chunk))
            found = f"sha256:{digest.hexdigest()}"
            if size != blob.size:
                much = "more" if size > blob.size else f"{size} bytes"
                raise ArgolaneError(f"{what}: {blob.digest} should have {blob.size} bytes, and has {much}.")
            if found != blob.digest:
                raise ArgolaneError(
                    f"{what}: what came for {blob.digest} is {found}. It was damaged or exchanged on its way."
                )
            new.replace(place)
        except BaseException:
            new.unlink(missing_ok=True)
            raise

    def document(self, digest: str, what: str) -> bytes:
        """A small document that is here; ArgolaneError when it is not, or is another."""
        try:
            content = self.path(digest).read_bytes()
        except FileNotFoundError:
            content = b""
        if documents.digest_of(content) != digest:
            raise ArgolaneError(
                f"{what}: {self.path(digest)} is missing or damaged. Remove the image with `argolane images "
                "rm`, and get it again."
            )
        return content

    def manifest(self, digest: str, what: str) -> Manifest:
        return documents.manifest(documents.read(self.document(digest, what), what), what)

    def config(self, manifest: Manifest, what: str) -> Config:
        return documents.config(self.document(manifest.config.digest, what), manifest.layers, what)

    def find(self, name: str) -> Known | None:
        """The image of that full name, if all of it is here."""
        try:
            known = Known(**json.loads(self._name(name).read_text(encoding="utf-8")))
            manifest = self.manifest(known.manifest, name)
        except (FileNotFoundError, ArgolaneError, ValueError, TypeError):
            return None
        whole = all(self.has(blob) for blob in (manifest.config, *manifest.layers))
        return known if whole else None

    def record(self, name: str, manifest: str, source: str) -> Known:
        """From now on `name` is that image; the parts of it are here."""
        known = Known(name, manifest, time.time(), source)
        self._name(name).parent.mkdir(parents=True, exist_ok=True)
        disk.write_whole(self._name(name), json.dumps(asdict(known), indent=1))
        return known

    def forget(self, name: str) -> None:
        self._name(name).unlink(missing_ok=True)

    def images(self) -> list[Known]:
        """All, by name."""
        found = []
        for file in self.folder.glob("names/*.json"):
            with contextlib.suppress(FileNotFoundError, ValueError, TypeError):
                found.append(Known(**json.loads(file.read_text(encoding="utf-8"))))
        return sorted(found, key=lambda known: known.name)

    def _name(self, name: str) -> Path:
        return self.folder / "names" / f"{hashlib.sha256(name.encode()).hexdigest()}.json"

    @contextlib.contextmanager
    def turn(self, key: str, say: Callable[[], None]) -> Iterator[None]:
        """One process at a time does what `key` names; `say` when there is another."""
        folder = self.folder / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        guard = filelock.FileLock(folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.lock")
        try:
            guard.acquire(timeout=0)
        except filelock.Timeout:
            say()
            guard.acquire()
        try:
            yield
        finally:
            guard.release()

    @contextlib.contextmanager
    def adding(self) -> Iterator[None]:
        """Nothing is removed meanwhile."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextlib.contextmanager
    def removing(self) -> Iterator[None]:
        """Nobody adds or removes meanwhile; ArgolaneError when somebody does for long."""
        with self._locked(fcntl.LOCK_EX):
            yield

    @contextlib.contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            until = time.monotonic() + _PATIENCE
            while True:
                try:
                    fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if kind == fcntl.LOCK_EX and time.monotonic() > until:
                        raise ArgolaneError(
                            f"{self.folder}: an image is being pulled or unpacked; try again when it is here."
                        ) from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(descriptor)
