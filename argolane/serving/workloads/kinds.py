"""Manifests of Deployments and Services in, objects that are kept up out: what an API server does of it."""

import copy
import sys
import time
import zlib
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from argolane.errors import ArgolaneError, ManifestError, NotSupportedLocally
from argolane.kubernetes.applying import applied
from argolane.kubernetes.patching import patch as patched
from argolane.serving import host_names, ports, store
from argolane.serving.check import workloads as check
from argolane.serving.kept import Kept
from argolane.serving.ports import HOST
from argolane.serving.records import CODE, Object
from argolane.serving.store import DEPLOYMENT, SERVICE, Store

# Beside that of pods (addresses.NETWORK): what the names of Services lead to.
_NETWORK = IPv4Network("127.128.0.0/10")
_SETTLED_WITHIN, _LOOK = 10.0, 0.02
_SERVERS_OWN = ("uid", "creationTimestamp", "generation", "resourceVersion", "deletionTimestamp")


class Workload(Kept):
    """What both have in common: `kubectl apply` and patches, on objects with a spec."""

    def faults(self, manifest: Mapping[str, Any]) -> Iterator[str]:
        yield from (str(f) for f in check.findings(manifest) if f.level != "warning")

    def apply(self, manifest: Object) -> Object:
        """Create it, or make it like this; returns when the change is known to its supervisor."""
        here = self._store(str(manifest["metadata"]["name"]))
        with here.editing():
            record = here.object()
            before = _as_sent(record["object"]) if record else None
            return self._change(here, applied(before, manifest), record, code_anew=True)

    def create(self, manifest: Object) -> Object:
        name = str(manifest["metadata"]["name"])
        here = self._store(name)
        with here.editing():
            if here.object():
                raise ArgolaneError(f"{self.kind} {name!r} exists already. Use apply, or delete it first.")
            return self._change(here, manifest, None, code_anew=True)

    def replace(self, manifest: Object) -> Object:
        here = self._store(str(manifest["metadata"]["name"]))
        with here.editing():
            return self._change(here, manifest, here.object(), code_anew=True)

    def patch(self, name: str, change: Any, strategy: str) -> Object:
        """It deploys no code that was edited since."""
        here = self._store(name)
        with here.editing():
            _, record = self._there(name)
            wanted = patched(_as_sent(record["object"]), change, strategy)
            if wanted["metadata"].get("name") != name:
                raise ArgolaneError(f"{self.kind} {name!r}: a patch cannot change metadata.name.")
            return self._change(here, wanted, record, code_anew=False)

    def _change(self, here: Store, wanted: Object, record: Object | None, *, code_anew: bool) -> Object:
        self._refuse(wanted)
        body = self._defaulted(here, wanted)
        if record and "deletionTimestamp" not in record["object"]["metadata"]:
            self._compare(record["object"]["spec"], body["spec"], here.name)
        self._before(here, body, record)
        # Labels and annotations are those of `wanted`: what had to be merged has been merged.
        labels = {key: body["metadata"].get(key) or {} for key in ("labels", "annotations")}
        made = self._put(here, body, record, applied=labels, code_anew=code_anew)
        return self._after(here, made)

    def _refuse(self, manifest: Object) -> None:
        found = check.findings(manifest)
        name = f"{self.kind} {manifest['metadata'].get('name')!r}"
        for level, refusal in (("error", ManifestError), ("local", NotSupportedLocally)):
            if faults := [f"{name}: {finding}" for finding in found if finding.level == level]:
                raise refusal(faults)

    def _doubts(self, manifest: Object) -> Iterable[str]:
        name = f"{self.kind} {manifest['metadata'].get('name')!r}"
        return [f"{name}: {f}" for f in check.findings(manifest) if f.level == "warning"]

    @abstractmethod
    def _defaulted(self, here: Store, manifest: Object) -> Object:
        """With what the API server fills in."""

    def _compare(self, before: Object, wanted: Object, name: str) -> None:
        """What may not be changed."""

    def _before(self, here: Store, body: Object, record: Object | None) -> None:
        """What is looked at on this machine."""

    def _after(self, here: Store, made: Object) -> Object:
        return made


class Deployments(Workload):
    """The Deployments of one namespace."""

    kind = DEPLOYMENT

    def _defaulted(self, here: Store, manifest: Object) -> Object:
        body = copy.deepcopy(manifest)
        spec = body["spec"]
        for field, value in (("replicas", 1), ("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 600)):
            if spec.get(field) is None:
                spec[field] = value
        strategy = spec["strategy"] = dict(spec.get("strategy") or {})
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
            strategy["rollingUpdate"] = {**rolling, **(strategy.get("rollingUpdate") or {})}
        return body

    def _compare(self, before: Object, wanted: Object, name: str) -> None:
        if before["selector"] != wanted["selector"]:
            fault = f"spec.selector: Invalid value: {check.shown(wanted['selector'])}: field is immutable"
            raise ManifestError([f"{self.kind} {name!r}: {fault}. Delete it first, or keep its selector."])

    def _before(self, here: Store, body: Object, record: Object | None) -> None:
        from argolane.serving.workloads.replicas import alone

        if reason := alone(body["spec"]):
            raise NotSupportedLocally([f"{self.kind} {here.name!r}: {reason}"])

    def _images(self, manifest: Object) -> Iterable[str]:
        pod = manifest["spec"]["template"]["spec"]
        return [str(c["image"]) for kind in ("initContainers", "containers") for c in pod.get(kind) or ()]

    def _gone(self, found: Object, last: Object, why: str) -> Object:
        from argolane.serving.workloads import progress

        return progress.gone(last, why)

    def _creating(self, last: Object, *, same_life: bool) -> Object:
        if same_life:
            return last
        # A new supervisor has no pod yet.
        kept = ("observedGeneration", "conditions")
        return {key: value for key, value in last.items() if key in kept}


class Services(Workload):
    """The Services of one namespace."""

    kind = SERVICE
    called = "Service"

    def _defaulted(self, here: Store, manifest: Object) -> Object:
        body = copy.deepcopy(manifest)
        spec = body["spec"]
        spec["type"] = spec.get("type") or "ClusterIP"
        spec["clusterIP"] = _address(here)
        for port in spec["ports"]:
            port.setdefault("protocol", "TCP")
            port.setdefault("targetPort", port["port"])
        return body

    def faults(self, manifest: Mapping[str, Any]) -> Iterator[str]:
        found = list(super().faults(manifest))
        yield from found
        if not found:
            here = self._store(str(manifest["metadata"]["name"]))
            yield from self._clashes(here, self._defaulted(here, dict(manifest)), here.object())

    def _before(self, here: Store, body: Object, record: Object | None) -> None:
        if faults := list(self._clashes(here, body, record)):
            raise ArgolaneError("\n".join(f"{self.kind} {here.name!r}: {fault}" for fault in faults))

    def _clashes(self, here: Store, body: Object, record: Object | None) -> Iterator[str]:
        """Ports that somebody else has."""
        known = record["object"]["spec"]["ports"] if record and here.alive() else ()
        mine = {port["port"] for port in known}
        for port in body["spec"]["ports"]:
            if port["port"] in mine:
                continue
            if other := self._other(here, port["port"]):
                yield shared(port["port"], other)
            elif reason := _taken(port["port"], port["targetPort"]):
                yield reason

    def _after(self, here: Store, made: Object) -> Object:
        host_names.refresh(self._project)
        deadline = time.monotonic() + _SETTLED_WITHIN
        while time.monotonic() < deadline and here.alive():
            said = here.status() or {}
            if said.get("instance") == (here.supervisor() or {}).get("instance") and (
                said.get("generation") == made["metadata"]["generation"]
            ):
                if said.get("trouble"):
                    raise ArgolaneError(f"{self.kind} {here.name!r}: {said['trouble']}")
                break
            time.sleep(_LOOK)
        return self.get(here.name)

    def _other(self, here: Store, port: int) -> str:
        """Another Service of the project on the same port, up or not."""
        project = self._project
        for namespace in (project.settings.namespace, *host_names.namespaces(project)):
            for name in store.names(project, SERVICE, namespace):
                there = Store(project, name, SERVICE, namespace)
                record = there.object()
                if there.folder == here.folder or not record:
                    continue
                if any(p["port"] == port for p in record["object"]["spec"]["ports"]):
                    return f"{name!r} in namespace {namespace!r}"
        return ""

    def _gone(self, found: Object, last: Object, why: str) -> Object:
        return {"loadBalancer": {}, "description": why}

    def _ended(self, here: Store) -> None:
        host_names.refresh(self._project)


def shared(port: int, other: str) -> str:
    """What to say of a port that another Service has."""
    return (
        f"port {port} is that of Service {other}. Delete that, or choose another port: all of this machine "
        "are published on 127.0.0.1."
    )


def clashes(manifests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Ports that two Services of these want."""
    seen: dict[int, tuple[object, object]] = {}
    for manifest in manifests:
        metadata = manifest["metadata"]
        who = (metadata.get("name"), metadata.get("namespace"))
        for port in manifest["spec"].get("ports") or ():
            if seen.setdefault(port.get("port"), who) != who:
                yield f"Service {who[0]!r}: {shared(port['port'], repr(seen[port['port']][0]))}"


def _as_sent(found: Object) -> Object:
    """An object without what the server has put into its metadata."""
    metadata = {k: v for k, v in found["metadata"].items() if k not in _SERVERS_OWN}
    notes = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != CODE}
    return {**found, "metadata": {**metadata, **({"annotations": notes} if notes else {})}}


def _address(here: Store) -> str:
    """Where a Service is within this machine, beside 127.0.0.1: always the same."""
    if sys.platform != "linux":
        return HOST
    number = zlib.crc32(f"{here.project.root}/{here.namespace}/{here.name}".encode())
    block, last = divmod(number % (_NETWORK.num_addresses // 256 * 254), 254)
    return str(_NETWORK[block * 256 + last + 1])


def _taken(port: int, target: int | str) -> str:
    from argolane.containers import addresses
    from argolane.serving.workloads.forwarding import cannot

    if target == port and addresses.available():
        return ""
    try:
        ports.listen(port).close()
    except OSError as error:
        return cannot(port, error)
    return ""
