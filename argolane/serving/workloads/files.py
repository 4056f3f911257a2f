"""ConfigMaps, Secrets, claims and Namespaces in, files of the project out: objects that run nothing."""

import base64
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import ArgolaneError
from argolane.kubernetes.applying import applied
from argolane.kubernetes.claims import of_claim
from argolane.kubernetes.names import in_a_path, invalid
from argolane.kubernetes.objects import Objects, claims
from argolane.kubernetes.patching import patch
from argolane.kubernetes.sizes import too_long
from argolane.project import Project

Object = dict[str, Any]
_ENCODED = {"ConfigMap": "binaryData", "Secret": "data"}
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    f"'KEY_NAME',  or 'key-name', regex used for validation is '{_KEY.pattern}')"
)
KINDS = ("ConfigMap", "Namespace", "PersistentVolumeClaim", "Secret")
_TEXTS = {"ConfigMap": ("data", "binaryData"), "Secret": ("data", "stringData")}


class Files:
    """The objects of one kind in one namespace."""

    def __init__(self, project: Project, kind: str, namespace: str = "") -> None:
        self._kind = kind
        self._objects = Objects(project, namespace)
        self._claims = claims(project, namespace)

    def faults(self, manifest: Mapping[str, Any]) -> Iterator[str]:
        """What the API server would refuse."""
        yield from too_long(manifest)
        if self._kind == "PersistentVolumeClaim":
            yield from (f"{place}: {fault}" for place, fault in of_claim(manifest))
        for field in _TEXTS.get(self._kind, ()):
            values = manifest.get(field) or {}
            if not isinstance(values, Mapping):
                yield f"{field}: is {values!r}; expected a mapping of texts."
                continue
            for key, value in values.items():
                if not _KEY.fullmatch(str(key)):
                    yield f'{field}[{key}]: Invalid value: "{key}": {_KEY_RULE}'
                if not isinstance(value, str):
                    yield f"{field}.{key}: is {value!r}; expected text (write it in quotes)."
                elif field == _ENCODED[self._kind] and not _is_base64(value):
                    yield f"{field}.{key}: is no base64. Write what is not encoded under stringData."

    def apply(self, manifest: Object) -> Object:
        name = str(manifest["metadata"]["name"])
        before = self.find(name)
        return self._put(applied(before, manifest), before)

    def create(self, manifest: Object) -> Object:
        name = str(manifest["metadata"]["name"])
        if self.find(name) is not None:
            raise ArgolaneError(f"{self._kind} {name!r} exists already. Use apply, or delete it first.")
        return self._put(manifest, None)

    def replace(self, manifest: Object) -> Object:
        return self._put(manifest, self.find(str(manifest["metadata"]["name"])))

    def patch(self, name: str, change: Any, strategy: str) -> Object:
        before = self.find(name)
        if before is None:
            raise ArgolaneError(self._objects.missing(self._kind, name))
        return self._put(patch(before, change, strategy), before)

    def find(self, name: str) -> Object | None:
        return self._objects.get(self._kind, name)

    def list(self) -> list[Object]:
        found = (self.find(name) for name in self._objects.names(self._kind))
        return [body for body in found if body is not None]

    def delete(self, name: str) -> bool:
        """A claim goes with what is in it, as on a cluster whose volumes are made for their claims."""
        there = self._objects.delete(self._kind, name)
        if there and self._kind == "PersistentVolumeClaim":
            shutil.rmtree(self._claims / in_a_path(self._kind, name), ignore_errors=True)
        return there

    def _put(self, body: Mapping[str, Any], before: Object | None) -> Object:
        if faults := list(self.faults(body)):
            raise ArgolaneError(invalid(self._kind, str(body["metadata"]["name"]), faults))
        if before is not None and same(before, body):
            return before
        if self._kind == "PersistentVolumeClaim":
            name = in_a_path(self._kind, body["metadata"]["name"])
            (self._claims / name).mkdir(parents=True, exist_ok=True)
            body = {**body, "status": {**(body.get("status") or {}), "phase": "Bound"}}
        elif self._kind == "Namespace":
            body = {**body, "status": {"phase": "Active"}}
        return self._objects.put(body, time.time())


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        # Lines of it are no fault.
        return text != (joined := "".join(text.split())) and _is_base64(joined)
    return True


def same(before: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a body would change nothing: what it leaves out of the metadata the server keeps."""
    kept = {**before["metadata"], **body["metadata"]}
    return kept == before["metadata"] and {**before, **body, "metadata": kept} == before
