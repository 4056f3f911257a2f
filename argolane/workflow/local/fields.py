"""Which fields of a manifest the local runner refuses, and which mean something on a cluster only."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from argolane.kubernetes.fields import FIELDS
from argolane.kubernetes.volumes import SUPPORTED
from argolane.serving.apiserver import KINDS
from argolane.workflow.lint import seldon
from argolane.workflow.local.pod.artifacts import REPOSITORIES
from argolane.workflow.local.resources import flags, jobs, runs

Tree = Mapping[str, Any]

REFUSED_IN_SPEC = ("hostAliases", "shutdown", "executorPlugins")
REFUSED_IN_TEMPLATE = ("plugin", "hostAliases")
# What is no program that goes on.
_NO_DAEMONS = ("containerSet", "resource", "data")
REFUSED_IN_CONTAINER = ("lifecycle", "volumeDevices", "restartPolicy")
NO_EFFECT_IN_SPEC = (
    "affinity", "archiveLogs", "artifactRepositoryRef", "automountServiceAccountToken",
    "dnsConfig", "dnsPolicy", "executor", "hostNetwork", "imagePullSecrets", "metrics", "nodeSelector",
    "podDisruptionBudget", "podGC", "podMetadata", "podPriority", "podPriorityClassName", "priority",
    "schedulerName", "securityContext", "serviceAccountName", "tolerations", "ttlStrategy",
)  # fmt: skip
NO_EFFECT_IN_TEMPLATE = (
    "affinity", "archiveLocation", "automountServiceAccountToken", "executor", "metrics", "nodeSelector",
    "priority", "priorityClassName", "schedulerName", "securityContext", "serviceAccountName", "tolerations",
)  # fmt: skip
NO_EFFECT_IN_CONTAINER = (
    "imagePullPolicy", "livenessProbe", "ports", "readinessProbe", "securityContext", "startupProbe", "stdin",
    "stdinOnce", "tty",
)  # fmt: skip
_ACTIONS = ("get", "create", "apply", "delete", "replace", "patch")


def of_spec(spec: Tree) -> Iterator[str]:
    """Paths below `spec` that are refused."""
    yield from (name for name in REFUSED_IN_SPEC if spec.get(name))
    yield from _volumes("volumes", spec.get("volumes"))
    yield from _locks(spec)
    if (spec.get("retryStrategy") or {}).get("affinity"):
        yield "retryStrategy.affinity"


def of_template(template: Tree) -> Iterator[str]:
    """Paths below one template that are refused."""
    for name in REFUSED_IN_TEMPLATE:
        if template.get(name) is not None and template.get(name) is not False:
            yield name
    if template.get("daemon") and any(template.get(kind) is not None for kind in _NO_DAEMONS):
        yield "daemon"
    if (template.get("retryStrategy") or {}).get("affinity"):
        yield "retryStrategy.affinity"
    yield from _locks(template)
    yield from _volumes("volumes", template.get("volumes"))
    for side in ("inputs", "outputs"):
        for index, artifact in enumerate((template.get(side) or {}).get("artifacts") or ()):
            yield from (f"{side}.artifacts[{index}].{path}" for path in _artifact(artifact, side))
    if (template.get("http") or {}).get("bodyFrom"):
        yield "http.bodyFrom"
    if template.get("resource") is not None:
        yield from (f"resource.{path}" for path in _resource(template["resource"]))
    for path, container in containers(template):
        yield from (f"{path}.{name}" for name in _container(container))


def containers(template: Tree) -> Iterator[tuple[str, Tree]]:
    """The containers of a template with their paths."""
    for name in ("container", "script"):
        if template.get(name) is not None:
            yield name, template[name]
    for index, container in enumerate((template.get("containerSet") or {}).get("containers") or ()):
        yield f"containerSet.containers[{index}]", container
    for name in ("initContainers", "sidecars"):
        for index, container in enumerate(template.get(name) or ()):
            yield f"{name}[{index}]", container


def without_effect(spec: Tree) -> Iterator[str]:
    """Names of fields that are accepted and do nothing here."""
    yield from (f"spec.{name}" for name in NO_EFFECT_IN_SPEC if spec.get(name))
    for template in spec.get("templates") or ():
        yield from (f"templates.{name}" for name in NO_EFFECT_IN_TEMPLATE if template.get(name))
        for path, container in containers(template):
            kind = path.partition("[")[0]
            given = [name for name in NO_EFFECT_IN_CONTAINER if container.get(name)]
            # By this one a daemon says that it is ready.
            counts = "readinessProbe" if template.get("daemon") and kind != "initContainers" else ""
            yield from (f"{kind}.{name}" for name in given if name != counts)


def _locks(tree: Tree) -> Iterator[str]:
    synchronization = tree.get("synchronization") or {}
    # A mutex is one wherever it is kept; how many a semaphore lets in stands in that database.
    for index, lock in enumerate(synchronization.get("semaphores") or ()):
        if lock.get("database"):
            yield f"synchronization.semaphores[{index}].database"
    if (synchronization.get("semaphore") or {}).get("database"):  # There could be one only once.
        yield "synchronization.semaphore.database"


def _volumes(place: str, volumes: Any) -> Iterator[str]:
    for index, volume in enumerate(volumes or ()):
        for kind in volume:
            if kind != "name" and kind not in SUPPORTED:
                yield f"{place}[{index}].{kind}"
        for number, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            for kind in source:
                if kind not in ("configMap", "secret"):
                    yield f"{place}[{index}].projected.sources[{number}].{kind}"


def _artifact(artifact: Tree, side: str) -> Iterator[str]:
    if artifact.get("plugin") is not None:
        yield "plugin"
    if side == "outputs" and artifact.get("http") is not None:
        yield "http"
    elif (artifact.get("http") or {}).get("auth"):
        yield "http.auth"


def stores(template: Tree) -> Iterator[str]:
    """Kinds of artifact stores that are named with more than a key: they are folders here."""
    sides = [(template.get(side) or {}).get("artifacts") or () for side in ("inputs", "outputs")]
    listed = ((template.get("data") or {}).get("source") or {}).get("artifactPaths")
    for artifact in [*chain(*sides), *([listed] if listed else [])]:
        for kind in REPOSITORIES:
            location = artifact.get(kind)
            if location is not None and set(location) - {"key", "blob", "keyFormat"}:
                yield kind


def _resource(resource: Tree) -> Iterator[str]:
    if resource.get("action") not in _ACTIONS:
        yield "action"
    yield from (f"flags ({flag})" for flag in flags.refused(resource))
    if resource.get("manifestFrom"):
        yield "manifestFrom"
    kind = str((seldon.object_of(resource) or {}).get("kind") or "")
    if kind in runs.KINDS:
        if resource.get("action") not in runs.ACTIONS:
            yield f"action {resource.get('action')} (kind {kind})"
        elif kind == "Job" and resource.get("action") in ("create", "apply"):
            yield from (f"manifest ({path})" for path in jobs.refused(seldon.object_of(resource) or {}))
    elif kind and "{{" not in kind and kind not in KINDS:
        yield f"manifest (kind {kind})"


def _container(container: Tree) -> Iterator[str]:
    for name in REFUSED_IN_CONTAINER:
        if container.get(name):
            yield name
    if (container.get("securityContext") or {}).get("privileged"):
        yield "securityContext.privileged"
    for index, entry in enumerate(container.get("env") or ()):
        source = entry.get("valueFrom") or {}
        for kind in source:
            if kind not in ("configMapKeyRef", "secretKeyRef", "fieldRef"):
                yield f"env[{index}].valueFrom.{kind}"
        path = (source.get("fieldRef") or {}).get("fieldPath")
        if path is not None and not FIELDS.fullmatch(str(path)):
            yield f"env[{index}].valueFrom.fieldRef"
