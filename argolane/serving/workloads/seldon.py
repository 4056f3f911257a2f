"""SeldonDeployments in, the same out: `Deployments` as one keeper of the API server among others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from argolane.errors import ArgolaneError
from argolane.kubernetes.patching import patch
from argolane.project import Project

Object = dict[str, Any]


class Seldon:
    """This machine keeps one of a name, so that a namespace only tells whether it is the one asked for."""

    def __init__(self, project: Project, namespace: str, say: Callable[[str], None]) -> None:
        # Only here: who keeps a Secret needs nothing that serves.
        from argolane.serving.deployments import Deployments

        self._served, self._namespace = Deployments(project, say=say), namespace
        self._servers = project.settings.server

    def faults(self, manifest: Mapping[str, Any]) -> Iterator[str]:
        from argolane.serving import check, servers

        yield from (str(finding) for finding in check.findings(manifest) if finding.level != "warning")
        yield from servers.unserved(manifest, self._servers)

    def apply(self, manifest: Object) -> Object:
        return self._served.apply(manifest)

    def create(self, manifest: Object) -> Object:
        return self._served.create(manifest)

    def replace(self, manifest: Object) -> Object:
        return self._served.apply(manifest)

    def patch(self, name: str, change: Any, strategy: str) -> Object:
        if strategy == "merge":
            return self._served.patch(name, change)
        found = self.find(name)
        if found is None:
            raise ArgolaneError(f'seldondeployments.machinelearning.seldon.io "{name}" not found')
        return self._served.patch(name, patch(found, change, strategy))

    def find(self, name: str) -> Object | None:
        return next((body for body in self.list() if body["metadata"]["name"] == name), None)

    def list(self) -> list[Object]:
        found = self._served.list()
        return [b for b in found if self._namespace in ("", b["metadata"]["namespace"])]

    def pods(self, name: str) -> Sequence[Object]:
        return self._served.pods(name)

    def delete(self, name: str) -> bool:
        return self.find(name) is not None and self._served.delete(name)
