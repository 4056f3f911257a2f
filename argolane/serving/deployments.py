"""SeldonDeployment manifests in, running deployments of this machine out: its API server, so to say.

`argolane run` (resource templates), the command line and notebooks come here, most of them by `apiserver`.
"""

import time
from collections.abc import Iterable
from typing import Any

from argolane.errors import ArgolaneError, NotSupportedLocally
from argolane.kubernetes.patching import merge_patch
from argolane.serving import status, store
from argolane.serving.check import named, read, warnings
from argolane.serving.kept import Kept
from argolane.serving.records import Object
from argolane.serving.servers import filled, unserved
from argolane.serving.store import Store


class Deployments(Kept):
    """The SeldonDeployments of a project, on this machine."""

    kind = store.SELDON

    def apply(self, manifest: Object) -> Object:
        """Create it, or make it like this; returns at once, with the state Creating unless nothing changed.

        Pods are replaced only where their spec changed. ManifestError with all the faults of the manifest.
        """
        here = Store(self._project, read(manifest).metadata.name)
        with here.editing():
            return self._put(here, manifest, here.object(), code_anew=True)

    def create(self, manifest: Object) -> Object:
        """As apply, but ArgolaneError if there is one of that name."""
        name = read(manifest).metadata.name
        here = Store(self._project, name)
        with here.editing():
            if here.object():
                raise ArgolaneError(f"Deployment {name!r} exists already. Use apply, or delete it first.")
            return self._put(here, manifest, None, code_anew=True)

    def patch(self, name: str, patch: Object) -> Object:
        """A JSON merge patch (RFC 7386): null removes, lists are replaced."""
        here = Store(self._project, name)
        with here.editing():
            _, record = self._there(name)
            manifest = merge_patch(record["object"], patch)
            if read(manifest).metadata.name != name:
                raise ArgolaneError(f"Deployment {name!r}: a patch cannot change metadata.name.")
            return self._put(here, manifest, record, applied=record["applied"], code_anew=False)

    def url(self, name: str) -> str:
        """Where predictions are asked for."""
        url = self.get(name)["status"].get("address", {}).get("url")
        if not url:
            raise ArgolaneError(f"Deployment {name!r} has no address yet. Try again in a second.")
        return str(url)

    def grpc_address(self, name: str) -> str:
        """Where predictions are asked for over gRPC: `host:port`."""
        address = status.grpc_address(self.get(name))
        if not address:
            raise ArgolaneError(
                f"Deployment {name!r} has no gRPC port. A manifest asks for one by spec.transport: grpc or "
                "by the variable GRPC_WORKERS of a unit's container."
            )
        return address

    def wait(self, name: str, *, timeout: float, state: str = status.AVAILABLE) -> Object:
        """The object once it is in that state; ArgolaneError with the reason when it Failed or time is up."""
        begun = time.monotonic()
        while (found := self.get(name)["status"])["state"] != state:
            waited = time.monotonic() - begun
            if waited > timeout or found["state"] == status.FAILED:
                told = f"Deployment {name!r} is {found['state']}, not {state}, after {waited:.0f} s."
                raise ArgolaneError(f"{told} {found.get('description', '')}".rstrip())
            time.sleep(0.05)
        return self.get(name)

    def _put(self, here: Store, manifest: Object, before: Object | None, **known: Any) -> Object:
        if faults := list(unserved(manifest, self._project.settings.server)):
            raise NotSupportedLocally(f"{named(manifest)}: {fault}" for fault in faults)
        return super()._put(here, manifest, before, **known)

    def _images(self, manifest: Object) -> Iterable[str]:
        deployment = filled(read(manifest), self._project.settings.server)
        for component in deployment.predictor.component_specs:
            yield from (c.image for c in (*component.spec.init_containers, *component.spec.containers))

    def _doubts(self, manifest: Object) -> Iterable[str]:
        return warnings(manifest)

    def _gone(self, found: Object, last: Object, why: str) -> Object:
        return status.gone(last, why)

    def _creating(self, last: Object, *, same_life: bool) -> Object:
        return status.creating(last if same_life else status.without_pods(last))
