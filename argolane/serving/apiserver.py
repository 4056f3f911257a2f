"""Manifests in, objects of this machine out: the API server of a project that has no cluster.

The command line and resource templates come here. Each kind has its keeper: `Deployments` and what is in
`workloads`. Objects are told apart by kind, namespace and name; no namespace is the project's own.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from argolane.errors import ArgolaneError, ManifestError, unknown
from argolane.kubernetes.names import not_a_subdomain
from argolane.kubernetes.objects import of_namespace
from argolane.project import Project
from argolane.serving.workloads.files import KINDS as _FILES
from argolane.serving.workloads.files import Files
from argolane.serving.workloads.seldon import Seldon

Object = dict[str, Any]
Verb = Literal["created", "configured", "unchanged"]

KINDS = (*_FILES, "Deployment", "Service", "SeldonDeployment")
# What apply must have made before what uses it, and delete takes away after it.
ORDER = (
    "Namespace", "Secret", "ConfigMap", "PersistentVolumeClaim", "Service", "Deployment", "SeldonDeployment",
)  # fmt: skip
_VERSIONS = dict.fromkeys((*_FILES, "Service"), ("v1",)) | {"Deployment": ("apps/v1",)}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Applied:
    """The object, and what kubectl would say became of it."""

    object: Object
    verb: Verb


class Keeper(Protocol):
    """The objects of one kind in one namespace."""

    def faults(self, manifest: Mapping[str, Any]) -> Iterable[str]: ...
    def apply(self, manifest: Object) -> Object: ...
    def create(self, manifest: Object) -> Object: ...
    def replace(self, manifest: Object) -> Object: ...
    def patch(self, name: str, change: Any, strategy: str) -> Object: ...
    def find(self, name: str) -> Object | None: ...
    def list(self) -> list[Object]: ...
    def delete(self, name: str) -> bool: ...


@runtime_checkable
class HasPods(Protocol):
    """A keeper of what has pods."""

    def pods(self, name: str) -> Sequence[Object]: ...


class ApiServer:
    """The objects of a project. Nothing is read or started before it is asked for."""

    def __init__(self, project: Project, *, say: Callable[[str], None] = log.warning) -> None:
        """`say` is told what an applied manifest hardly means as it stands."""
        self._project, self._say = project, say

    def check(self, manifests: Iterable[Mapping[str, Any]]) -> list[str]:
        """Every fault of every document, so that nothing has changed when one is wrong."""
        found: list[str] = []
        services: list[Object] = []
        for manifest in manifests:
            # Resource templates are taken without, as a manifest of one's own never is.
            versioned = {"apiVersion": "nothing", **manifest}
            outer = list(_outer(versioned))
            inner = () if outer else self._inner(versioned)
            found += [*outer, *inner]
            if versioned.get("kind") == "Service" and not outer and not inner:
                services.append(versioned)
        if len(services) > 1:
            from argolane.serving.workloads import kinds

            found += kinds.clashes(services)
        return found

    def apply(self, manifest: Mapping[str, Any]) -> Applied:
        """Create it, or make it like this. ManifestError with all faults of the manifest."""
        keeper, body = self._checked(manifest)
        before = keeper.find(body["metadata"]["name"])
        after = keeper.apply(body)
        # Somebody else may have made it just now, and this is a change of that.
        if before is None and after["metadata"].get("generation", 1) == 1:
            return Applied(after, "created")
        if before is None:
            return Applied(after, "configured")
        return Applied(after, "unchanged" if _still(before, after) else "configured")

    def create(self, manifest: Mapping[str, Any]) -> Object:
        """As apply, but ArgolaneError when there is one of that name."""
        keeper, body = self._checked(manifest)
        return keeper.create(body)

    def replace(self, manifest: Mapping[str, Any]) -> Object:
        """Make it exactly this."""
        keeper, body = self._checked(manifest)
        return keeper.replace(body)

    def patch(
        self, kind: str, name: str, patch: Any, *, namespace: str | None = None, strategy: str = "merge"
    ) -> Object:
        """By merge, strategic merge or json patch; ArgolaneError when there is none of that name."""
        return self._keeper(kind, namespace).patch(name, patch, strategy)

    def get(self, kind: str, name: str, *, namespace: str | None = None) -> Object | None:
        """The object with its status."""
        return self._keeper(kind, namespace).find(name)

    def list(self, kind: str, *, namespace: str | None = None) -> list[Object]:
        return self._keeper(kind, namespace).list()

    def delete(self, kind: str, name: str, *, namespace: str | None = None) -> bool:
        """False if there was none; what runs has ended when it returns.

        A Namespace goes with all that is in it; the project's own, which runs use, with what is up.
        """
        keeper = self._keeper(kind, namespace)
        if kind == "Namespace" and keeper.find(name) is not None:
            own = name == self._project.settings.namespace
            for other in reversed(ORDER[-3:] if own else ORDER[1:]):
                for body in self.list(other, namespace=name):
                    self.delete(other, body["metadata"]["name"], namespace=name)
            if not own:
                shutil.rmtree(of_namespace(self._project, name), ignore_errors=True)
        return keeper.delete(name)

    def pods(self, kind: str, name: str, *, namespace: str | None = None) -> Sequence[Object]:
        """Of a deployment: each one's name, ready, reason, message, restarts, address, containers."""
        keeper = self._keeper(kind, namespace)
        return keeper.pods(name) if isinstance(keeper, HasPods) else ()

    def _inner(self, manifest: Mapping[str, Any]) -> Sequence[str]:
        """Faults of what the kind itself asks for."""
        kind, metadata = manifest["kind"], manifest["metadata"]
        found = self._keeper(kind, metadata.get("namespace")).faults(manifest)
        return [f"{kind} {metadata.get('name')!r}: {fault}" for fault in found]

    def _checked(self, manifest: Mapping[str, Any]) -> tuple[Keeper, Object]:
        """Its keeper, which looks at the rest."""
        if faults := list(_outer(manifest)):
            raise ManifestError(faults)
        body = dict(manifest)
        return self._keeper(str(body["kind"]), body["metadata"].get("namespace")), body

    def _keeper(self, kind: str, namespace: str | None) -> Keeper:
        if kind not in KINDS:
            raise ArgolaneError(_not_kept(kind))
        if kind == "SeldonDeployment":
            return Seldon(self._project, namespace or "", self._say)
        if kind in ("Deployment", "Service"):
            # Only here: who keeps a Secret needs nothing that serves.
            from argolane.serving.workloads import kinds

            workloads = kinds.Deployments if kind == "Deployment" else kinds.Services
            return workloads(self._project, namespace=namespace or "", say=self._say)
        return Files(self._project, kind, "" if kind == "Namespace" else namespace or "")


def _outer(manifest: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with kind, version and names."""
    kind = str(manifest.get("kind") or "")
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    where = f"{kind or 'object'} {name!r}"
    if kind not in KINDS:
        yield f"{where}: {_not_kept(kind)}"
        return
    versions = _VERSIONS.get(kind, ())
    found = manifest.get("apiVersion", versions[0] if versions else "")
    if versions and found not in versions:
        yield f"{where}: apiVersion: is {found!r}; expected {' or '.join(versions)}."
    if not isinstance(metadata, Mapping) or not isinstance(name, str) or not name:
        yield f"{where}: metadata.name: is required."
        return
    for field, value in (("name", name), ("namespace", metadata.get("namespace") or "default")):
        for reason in not_a_subdomain(str(value)):
            yield f'{where}: metadata.{field}: Invalid value: "{value}": {reason}'


def _not_kept(kind: str) -> str:
    if not kind:
        return f"kind: is required. This machine keeps {', '.join(KINDS)}."
    return f"kind: {unknown('kind', kind, KINDS)} This machine keeps nothing else; the rest needs a cluster."


def _still(before: Object, after: Object) -> bool:
    """Whether what was asked for is the same, whatever has become of it."""

    def asked(body: Object) -> Object:
        metadata = {k: v for k, v in body["metadata"].items() if k != "resourceVersion"}
        return {k: v for k, v in body.items() if k != "status"} | {"metadata": metadata}

    return asked(before) == asked(after)
