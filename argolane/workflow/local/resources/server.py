"""What answers kubectl here: the project's own objects, and runs for Workflows and Jobs."""

from collections.abc import Mapping
from typing import Any

from argolane.serving.apiserver import ApiServer
from argolane.workflow.local.resources import runs
from argolane.workflow.local.resources.runs import Runs


class Server:
    """Both behind the same methods."""

    def __init__(self, objects: ApiServer, started: Runs) -> None:
        self._objects, self._runs = objects, started

    def get(self, kind: str, name: str, *, namespace: str | None = None) -> dict[str, Any] | None:
        if kind in runs.KINDS:
            return self._runs.get(kind, name)
        return self._objects.get(kind, name, namespace=namespace)

    def create(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        if wanted["kind"] in runs.KINDS:
            return self._runs.create(wanted)
        return self._objects.create(wanted)

    def apply(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Of a run only that it is there: what goes on is not changed."""
        if wanted["kind"] in runs.KINDS:
            name = str(wanted["metadata"]["name"])
            return self._runs.get(str(wanted["kind"]), name) or self._runs.create(wanted)
        return self._objects.apply(wanted).object

    def replace(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        return self._objects.replace(wanted)

    def patch(
        self, kind: str, name: str, change: Any, *, namespace: str | None, strategy: str
    ) -> dict[str, Any]:
        return self._objects.patch(kind, name, change, namespace=namespace, strategy=strategy)

    def delete(self, kind: str, name: str, *, namespace: str | None = None) -> None:
        if kind in runs.KINDS:
            self._runs.delete(kind, name)
        else:
            self._objects.delete(kind, name, namespace=namespace)

    def list(self, kind: str) -> list[dict[str, Any]]:
        return self._objects.list(kind)
