"""Objects with new names in, the same with every reference to them renamed out.

What refers to what is known for the kinds of Kubernetes itself; a custom resource is left as it is written,
as kustomize leaves it.
"""

from collections.abc import Iterator, Sequence

from argolane.kubernetes.kustomize.paths import POD_TEMPLATES, Place, places
from argolane.kubernetes.kustomize.resource import CLUSTER_KINDS, Resource

_CONTAINERS = ("containers", "initContainers")
_IN_PODS = {
    "ConfigMap": (
        "volumes/configMap/name",
        "volumes/projected/sources/configMap/name",
        *(f"{c}/env/valueFrom/configMapKeyRef/name" for c in _CONTAINERS),
        *(f"{c}/envFrom/configMapRef/name" for c in _CONTAINERS),
    ),
    "Secret": (
        "volumes/secret/secretName",
        "volumes/projected/sources/secret/name",
        "imagePullSecrets/name",
        *(f"{c}/env/valueFrom/secretKeyRef/name" for c in _CONTAINERS),
        *(f"{c}/envFrom/secretRef/name" for c in _CONTAINERS),
    ),
    "PersistentVolumeClaim": ("volumes/persistentVolumeClaim/claimName",),
    "ServiceAccount": ("serviceAccountName",),
    "PriorityClass": ("priorityClassName",),
}
_ELSEWHERE = (
    ("StatefulSet", "spec/serviceName", "Service"),
    ("Ingress", "spec/rules/http/paths/backend/service/name", "Service"),
    ("Ingress", "spec/defaultBackend/service/name", "Service"),
    ("Ingress", "spec/tls/secretName", "Secret"),
    ("ServiceAccount", "imagePullSecrets/name", "Secret"),
    ("ServiceAccount", "secrets/name", "Secret"),
    ("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", ""),
    ("RoleBinding", "roleRef/name", ""),
    ("ClusterRoleBinding", "roleRef/name", ""),
    ("RoleBinding", "subjects/name", ""),
    ("ClusterRoleBinding", "subjects/name", ""),
    ("PersistentVolumeClaim", "spec/storageClassName", "StorageClass"),
    ("PersistentVolumeClaim", "spec/volumeName", "PersistentVolume"),
)


def rewrite(resources: Sequence[Resource]) -> None:
    for each in resources:
        for (holder, key), kind in _references(each):
            kind = kind or str(holder.get("kind", ""))
            if key not in holder or not isinstance(holder[key], str):
                continue
            found = _referred(each, kind, holder[key], str(holder.get("namespace") or ""), resources)
            if found is None:
                continue
            holder[key] = found.name
            if kind == "ServiceAccount" and "kind" in holder and found.metadata.get("namespace"):
                holder["namespace"] = found.metadata["namespace"]


def _references(each: Resource) -> Iterator[tuple[Place, str]]:
    if each.kind in POD_TEMPLATES:
        spec = f"{POD_TEMPLATES[each.kind]}/spec".removeprefix("/")
        for kind, paths in _IN_PODS.items():
            for path in paths:
                yield from ((place, kind) for place in places(each.body, f"{spec}/{path}"))
    for referrer, path, kind in _ELSEWHERE:
        if referrer == each.kind:
            yield from ((place, kind) for place in places(each.body, path))


def _referred(
    by: Resource, kind: str, name: str, namespace: str, resources: Sequence[Resource]
) -> Resource | None:
    """The one object that once was called that: of several the one that went the referrer's way."""
    found = []
    for each in resources:
        if each.kind != kind:
            continue
        spaces = {space for _, space, former in each.ids if former == name}
        known = {space for _, space, _ in by.ids} if not namespace else {namespace}
        if spaces and (kind in CLUSTER_KINDS or by.kind in CLUSTER_KINDS or spaces & known):
            found.append(each)
    if len(found) > 1:
        same = [each for each in found if (each.prefixes, each.suffixes) == (by.prefixes, by.suffixes)]
        found = same or [each for each in found if each.name == name]
    return found[0] if len(found) == 1 else None
