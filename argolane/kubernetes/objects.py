"""A kind and a name in, the object out: a project without a cluster keeps each as one JSON file.

Resource templates make them, ConfigMaps and Secrets above all; volumes, environments and parameters read
them.
"""

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from argolane.disk import shown, write_whole
from argolane.errors import ArgolaneError
from argolane.kubernetes.names import in_a_path, invalid, not_a_subdomain
from argolane.kubernetes.sizes import too_long
from argolane.kubernetes.times import rfc3339
from argolane.project import Project


def of_namespace(project: Project, namespace: str) -> Path:
    """What a namespace has on this machine; the project's own is at the root of its state."""
    if namespace in ("", project.settings.namespace):
        return project.state
    return project.state / "namespaces" / in_a_path("Namespace", namespace)


def claims(project: Project, namespace: str = "") -> Path:
    """A folder for each of its persistent volume claims."""
    return of_namespace(project, namespace) / project.claims.name


class Objects:
    """The objects of one namespace of a project: of its own, unless another is named."""

    def __init__(self, project: Project, namespace: str = "") -> None:
        self.namespace = namespace or project.settings.namespace
        self.folder = of_namespace(project, self.namespace) / "objects"

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        if any(not_a_subdomain(name)):
            return None  # nobody can have made it
        try:
            text = self._file(kind, name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            return dict(json.loads(text))
        except ValueError as error:
            raise ArgolaneError(f"{shown(self._file(kind, name))}: not JSON: {error}") from None

    def put(self, body: Mapping[str, Any], now: float) -> dict[str, Any]:
        """Store an object as the API server would: with namespace, uid, version; Secrets encoded."""
        kind, name = str(body["kind"]), str(body["metadata"]["name"])
        if faults := list(too_long(body)):
            raise ArgolaneError(invalid(kind, name, faults))
        with self.lock(kind, name):
            before = self.get(kind, name)
            metadata = {"namespace": self.namespace, **body["metadata"]}
            old = (before or {}).get("metadata") or {}
            metadata.setdefault("uid", old.get("uid") or str(uuid.uuid4()))
            metadata.setdefault("creationTimestamp", old.get("creationTimestamp") or rfc3339(now))
            metadata["resourceVersion"] = str(int(old.get("resourceVersion") or 0) + 1)
            stored = {**_served(body), "metadata": metadata}
            file = self._file(kind, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(stored, indent=1, ensure_ascii=False), private=kind == "Secret")
            return stored

    def delete(self, kind: str, name: str) -> bool:
        try:
            self._file(kind, name).unlink()
        except FileNotFoundError:
            return False
        return True

    def names(self, kind: str) -> Iterator[str]:
        return (file.stem for file in sorted((self.folder / kind.lower()).glob("*.json")))

    def lock(self, kind: str, name: str) -> FileLock:
        file = self._file(kind, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(file.with_name(f".{name}.lock"))

    def data(self, kind: str, name: str) -> dict[str, bytes] | None:
        """The files of a ConfigMap or Secret; None when there is no such object."""
        body = self.get(kind, name)
        if body is None:
            return None
        if kind == "Secret":
            found = {key: base64.b64decode(text) for key, text in (body.get("data") or {}).items()}
            return found | {key: str(text).encode() for key, text in (body.get("stringData") or {}).items()}
        found = {key: str(text).encode() for key, text in (body.get("data") or {}).items()}
        return found | {key: base64.b64decode(text) for key, text in (body.get("binaryData") or {}).items()}

    def files(self, kind: str, name: str, *, optional: bool = False) -> dict[str, bytes]:
        """The same, but ArgolaneError when there is no such object; {} when that may be."""
        found = self.data(kind, name)
        if found is None and not optional:
            raise ArgolaneError(self.missing(kind, name))
        return found or {}

    def value(self, kind: str, name: str, key: str, *, optional: bool = False) -> bytes | None:
        """One key's content; None when it is not there and need not be, else ArgolaneError."""
        found = self.files(kind, name, optional=optional)
        if key not in found and not optional:
            known = ", ".join(sorted(found)) or "none"
            raise ArgolaneError(f"{kind} '{name}' has no key '{key}'; there are: {known}")
        return found.get(key)

    def missing(self, kind: str, name: str) -> str:
        """What to say about an object that is not there."""
        there = ", ".join(self.names(kind)) or "none"
        return (
            f"{kind} '{name}' not found in namespace {self.namespace}; there are: {there}. Make it with "
            f"a resource template, or as {shown(self._file(kind, name))}"
        )

    def _file(self, kind: str, name: str) -> Path:
        if not kind.isalnum():
            raise ArgolaneError(f"kind is {kind!r}; expected a word, as ConfigMap.")
        return self.folder / kind.lower() / f"{in_a_path(kind, name)}.json"


def _served(body: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(body)
    if plain.get("kind") == "Secret" and plain.get("stringData"):
        encoded = {k: base64.b64encode(str(v).encode()).decode() for k, v in plain.pop("stringData").items()}
        plain["data"] = {**(plain.get("data") or {}), **encoded}
    return plain
