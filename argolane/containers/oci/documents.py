"""Bytes of an index, a manifest or an image's config in, checked values out; nothing in them is believed."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from argolane.containers.oci.names import is_digest
from argolane.errors import ArgolaneError

_DOCKER = "application/vnd.docker.distribution.manifest"
_OCI = "application/vnd.oci.image"
_INDEXES = (f"{_OCI}.index.v1+json", f"{_DOCKER}.list.v2+json")
MANIFEST = f"{_OCI}.manifest.v1+json"
MANIFESTS = (*_INDEXES, MANIFEST, f"{_DOCKER}.v2+json")
DOCUMENT_BYTES = 4 << 20
_LAYERS = 500
# What Python calls a machine, and what Go does.
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


@dataclass(frozen=True)
class Blob:
    """A piece of content and how to check it; `size` in bytes."""

    digest: str
    size: int
    kind: str = ""


@dataclass(frozen=True)
class Manifest:
    config: Blob
    layers: tuple[Blob, ...]


@dataclass(frozen=True)
class Config:
    """What an image says of its processes; `diff_ids`: digests of its unpacked layers, lowest first."""

    diff_ids: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = ""


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read(content: bytes, what: str) -> dict[str, Any]:
    """The JSON object; ArgolaneError when it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ArgolaneError(f"{what}: not a JSON object, and so no document of an image.")
    return found


def is_index(document: Mapping[str, Any], kind: str = "") -> bool:
    """Whether it lists manifests, one for each platform."""
    return document.get("mediaType", kind) in _INDEXES or "manifests" in document


def of_this_machine(index: Mapping[str, Any], what: str) -> Blob:
    """The manifest for this machine; ArgolaneError that names the platforms there are."""
    machine = os.uname().machine
    wanted = _MACHINES.get(machine, machine)
    known: list[str] = []
    entries = [each for each in _list(index, "manifests", what) if isinstance(each, dict)]
    for entry in entries:
        platform = entry.get("platform") or {}
        if not isinstance(platform, dict):
            continue
        system, architecture = platform.get("os"), platform.get("architecture")
        if (system, architecture) == ("linux", wanted) or (not platform and len(entries) == 1):
            return _blob(entry, what)
        if system != "unknown":  # attestations of a build, which are no images
            known.append(f"{system}/{architecture}")
    raise ArgolaneError(
        f"{what}: no image for linux/{wanted}; there are: {', '.join(sorted(set(known))) or 'none'}. "
        "Use --on argo."
    )


def manifest(document: Mapping[str, Any], what: str) -> Manifest:
    """ArgolaneError for one that is broken, or of the first kind of Docker's, which names no digests."""
    if document.get("schemaVersion") == 1:
        raise ArgolaneError(f"{what}: a manifest of schema version 1, of before 2016. Push the image anew.")
    layers = tuple(_blob(each, what) for each in _list(document, "layers", what))
    if len(layers) > _LAYERS:
        raise ArgolaneError(f"{what}: {len(layers)} layers; at most {_LAYERS} are taken.")
    return Manifest(_blob(document.get("config"), what), layers)


def config(content: bytes, layers: Iterable[Blob], what: str) -> Config:
    """What an image's config says; ArgolaneError where it does not fit its manifest."""
    document = read(content, what)
    own, roots = document.get("config") or {}, document.get("rootfs") or {}
    if not isinstance(own, dict) or not isinstance(roots, dict):
        raise ArgolaneError(f"{what}: the config of the image is broken.")
    system = document.get("os", "linux")
    if system != "linux":
        raise ArgolaneError(f"{what}: an image for {system}; containers here are of linux.")
    diff_ids = [each for each in roots.get("diff_ids") or () if is_digest(each)]
    count = len(list(layers))
    if len(diff_ids) != count:
        raise ArgolaneError(f"{what}: {count} layers, but {len(diff_ids)} digests of layers in its config.")
    pairs = (text.partition("=") for text in _texts(own, "Env", what))
    return Config(
        tuple(diff_ids),
        tuple(_texts(own, "Entrypoint", what)),
        tuple(_texts(own, "Cmd", what)),
        {name: value for name, equals, value in pairs if name and equals},
        str(own.get("WorkingDir") or "/"),
        str(own.get("User") or ""),
    )


def _texts(holder: Mapping[str, Any], name: str, what: str) -> list[str]:
    found = holder.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, str) and "\0" not in each for each in found):
        raise ArgolaneError(f"{what}: {name} of its config is {found!r}; expected a list of texts.")
    return found


def _list(document: Mapping[str, Any], name: str, what: str) -> list[Any]:
    found = document.get(name)
    if not isinstance(found, list):
        raise ArgolaneError(f"{what}: no {name} in its manifest; it is no image of OCI or Docker.")
    return found


def _blob(entry: object, what: str) -> Blob:
    if isinstance(entry, dict) and is_digest(entry.get("digest")):
        size = entry.get("size")
        if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 50:
            return Blob(entry["digest"], size, str(entry.get("mediaType") or ""))
    raise ArgolaneError(
        f"{what}: a part of the manifest has no sha256 digest or no size: {str(entry)[:80]!r}."
    )
