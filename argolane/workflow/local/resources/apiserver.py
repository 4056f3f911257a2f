"""Objects by kind, as an API server has them: deployments at their supervisor, the rest as files."""

from collections.abc import Callable, Mapping
from typing import Any

from argolane.kubernetes.objects import Objects
from argolane.project import Project

SERVED_KINDS = ("SeldonDeployment",)


class ApiServer:
    """Objects by kind: deployments to their supervisor, the rest to files."""

    def __init__(self, project: Project, objects: Objects, say: Callable[[str], None]) -> None:
        """`say` is told what is doubtful about a deployment."""
        self._project, self._objects, self._say = project, objects, say

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        if kind in SERVED_KINDS:
            served = self._deployments()
            known = {body["metadata"]["name"] for body in served.list()}
            return dict(served.get(name)) if name in known else None
        return self._objects.get(kind, name)

    def put(self, body: Mapping[str, Any], now: float) -> dict[str, Any]:
        if body.get("kind") in SERVED_KINDS:
            return dict(self._deployments().apply(dict(body)))
        return self._objects.put(body, now)

    def merge(self, kind: str, name: str, change: Mapping[str, Any]) -> dict[str, Any]:
        """A merge patch of a deployment."""
        return dict(self._deployments().patch(name, dict(change)))

    def delete(self, kind: str, name: str) -> bool:
        if kind in SERVED_KINDS:
            self._deployments().delete(name)
            return True
        return self._objects.delete(kind, name)

    def _deployments(self) -> Any:
        from argolane.serving.deployments import Deployments

        return Deployments(self._project, say=self._say)
