"""An image reference in, the image in the store out: asked of mirrors and registry, every part checked.

What is here by that name is taken as it is, but for a tag `latest` that came from a registry: whether it is
still the same is asked, as Kubernetes does.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argolane.containers.oci import documents, names
from argolane.containers.oci.documents import Blob
from argolane.containers.oci.names import DOCKER_HUB, Name
from argolane.containers.oci.registry import Registry, RegistryError, address
from argolane.containers.oci.store import Known, Store
from argolane.errors import ArgolaneError
from argolane.settings import RegistrySettings

_AT_ONCE = 3
_NEWS_EVERY = 5.0
_HUB_HOST = "registry-1.docker.io"


@dataclass
class Progress:
    """Bytes of an image that came so far, of all that are missing here."""

    what: str
    whole: int = 0
    done: int = 0


Told = Callable[[Progress], None]


def ensure(
    store: Store,
    reference: str,
    registries: Sequence[RegistrySettings],
    *,
    say: Callable[[str], None],
    told: Told | None = None,
) -> Known:
    """The image of that name; pulled when it is not here. ArgolaneError, with what each registry said, when
    it cannot be had."""
    name = names.of(reference)
    with store.turn(
        f"name {name.full}", lambda: say(f"Another process is pulling {reference}; waiting for it.")
    ):
        known = store.find(name.full)
        if known and (known.source != "registry" or name.tag != "latest" or name.digest):
            return known
        try:
            return fetch(store, reference, registries, say=say, told=told)
        except RegistryError as error:
            if known is None:
                raise
            say(f"{error} The image that is here since then is used: {known.manifest[:19]}.")
            return known


def fetch(
    store: Store,
    reference: str,
    registries: Sequence[RegistrySettings],
    *,
    say: Callable[[str], None],
    told: Told | None = None,
) -> Known:
    """The image as its registry has it now; only what is not here is fetched."""
    name = names.of(reference)
    refusals = []
    for url, ca in _places(name, registries):
        try:
            with Registry(url, login=name.registry, ca=ca) as registry, store.adding():
                return _fetch(store, name, registry, say, told or _news(say))
        except RegistryError as error:
            refusals.append(str(error))
    raise RegistryError(f"Cannot pull {reference}: {' '.join(refusals)}")


def _places(name: Name, registries: Iterable[RegistrySettings]) -> Iterator[tuple[str, str]]:
    """URLs of those who may have it, mirrors first, and whose certificates to trust there."""
    settings = next((each for each in registries if each.name == name.registry), None)
    for mirror in settings.mirrors if settings else ():
        yield address(mirror), settings.ca if settings else ""
    host = _HUB_HOST if name.registry == DOCKER_HUB else name.registry
    yield address(host), settings.ca if settings else ""


def _fetch(store: Store, name: Name, registry: Registry, say: Callable[[str], None], told: Told) -> Known:
    what = name.full
    content, kind = registry.manifest(name.repository, name.wanted)
    if name.digest and documents.digest_of(content) != name.digest:
        raise ArgolaneError(f"{what}: {registry.url} gave another manifest, {documents.digest_of(content)}.")
    document = documents.read(content, what)
    if documents.is_index(document, kind):
        chosen = documents.of_this_machine(document, what)
        content, _ = registry.manifest(name.repository, chosen.digest)
        if documents.digest_of(content) != chosen.digest:
            raise ArgolaneError(f"{what}: {registry.url} gave another manifest for {chosen.digest}.")
        document = documents.read(content, what)
    manifest = documents.manifest(document, what)
    digest = documents.digest_of(content)
    store.add(Blob(digest, len(content)), [content], what)
    if manifest.config.size > documents.DOCUMENT_BYTES:
        raise ArgolaneError(f"{what}: a config of {manifest.config.size} bytes; at most 4 MiB are taken.")
    missing = [blob for blob in dict.fromkeys((manifest.config, *manifest.layers)) if not store.has(blob)]
    if missing:
        progress = Progress(what, sum(blob.size for blob in missing))
        say(f"Pulling {what}: {len(missing)} parts, {progress.whole / 1e6:.1f} MB.")
        _fetch_all(store, name, registry, missing, progress, told)
    store.config(manifest, what)
    return store.record(name.full, digest, "registry")


def _fetch_all(
    store: Store, name: Name, registry: Registry, missing: Sequence[Blob], progress: Progress, told: Told
) -> None:
    counting = threading.Lock()

    def count(size: int) -> None:
        with counting:
            progress.done += size
            told(progress)

    def get(blob: Blob) -> None:
        # Two images that are pulled at once may share it.
        with store.turn(f"blob {blob.digest}", lambda: None):
            if store.has(blob):
                count(blob.size)
                return
            with registry.blob(name.repository, blob.digest) as content:
                store.add(blob, content, name.full, told=count)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="pull") as pool:
        waiting = [pool.submit(get, blob) for blob in missing]
        try:
            for each in waiting:
                each.result()
        except BaseException:
            for each in waiting:
                each.cancel()
            raise


def _news(say: Callable[[str], None]) -> Told:
    """For those who have no bar to draw: a line once in a while."""
    last = time.monotonic()

    def told(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _NEWS_EVERY:
            last = time.monotonic()
            say(f"{progress.what}: {progress.done / 1e6:.0f} of {progress.whole / 1e6:.0f} MB")

    return told
