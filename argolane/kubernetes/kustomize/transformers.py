"""Objects in, the same with another namespace, other names, labels, annotations, images and replicas out."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from argolane.errors import ManifestError
from argolane.kubernetes.kustomize.fields import Image, Label, Replica
from argolane.kubernetes.kustomize.paths import POD_TEMPLATES, merge_at
from argolane.kubernetes.kustomize.resource import CLUSTER_KINDS, Resource

_SELECTORS = {
    "Service": ("spec/selector", True),
    "ReplicationController": ("spec/selector", True),
    "Deployment": ("spec/selector/matchLabels", True),
    "ReplicaSet": ("spec/selector/matchLabels", True),
    "DaemonSet": ("spec/selector/matchLabels", True),
    "StatefulSet": ("spec/selector/matchLabels", True),
    "Job": ("spec/selector/matchLabels", False),
    "CronJob": ("spec/jobTemplate/spec/selector/matchLabels", False),
    "PodDisruptionBudget": ("spec/selector/matchLabels", False),
}
_NETWORK_POLICY = ("spec/podSelector", "spec/ingress/from/podSelector", "spec/egress/to/podSelector")
_AFFINITY = (
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution",
    "topologySpreadConstraints",
)
_SCALED = ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
_IMAGE = re.compile(
    r"(?P<name>(?:[^/]+/)*[^/:@]+)(?P<tag>:[a-zA-Z0-9_.{}-]*)?(?P<digest>@sha256:[a-zA-Z0-9_.{}-]*)?"
)


def namespace(resources: Sequence[Resource], name: str) -> None:
    """Everything into one namespace; of role bindings the subjects that are called `default`."""
    for each in resources:
        if each.kind == "Namespace" and each.body.get("apiVersion") == "v1":
            each.rename(name)
        elif each.kind not in CLUSTER_KINDS:
            each.move(name)
        if each.kind in ("RoleBinding", "ClusterRoleBinding"):
            for subject in each.body.get("subjects") or ():
                if subject.get("name") == "default":
                    subject["namespace"] = name


def names(resources: Sequence[Resource], *, prefix: str, suffix: str) -> None:
    for each in resources:
        if each.kind in ("CustomResourceDefinition", "APIService", "Namespace"):
            continue
        each.rename(f"{prefix}{each.name}{suffix}")
        each.prefixes += (prefix,) if prefix else ()
        each.suffixes += (suffix,) if suffix else ()


def labels(resources: Sequence[Resource], label: Label) -> None:
    """On the objects; where asked on their pods, and in what selects those."""
    for each in resources:
        merge_at(each.body, "metadata/labels", label.pairs, create=True)
        if label.include_selectors or label.include_templates:
            for path in _templates(each.kind):
                merge_at(each.body, f"{path}/metadata/labels", label.pairs, create=True)
        if label.include_selectors:
            _selectors(each, label.pairs)


def _selectors(each: Resource, pairs: dict[str, str]) -> None:
    if each.kind in _SELECTORS:
        path, create = _SELECTORS[each.kind]
        merge_at(each.body, path, pairs, create=create)
    if each.kind in ("Deployment", "StatefulSet"):
        for path in _AFFINITY:
            whole = f"spec/template/spec/{path}/labelSelector/matchLabels"
            merge_at(each.body, whole, pairs, create=False)
    if each.kind == "NetworkPolicy":
        for path in _NETWORK_POLICY:
            merge_at(each.body, f"{path}/matchLabels", pairs, create=False)


def annotations(resources: Sequence[Resource], pairs: dict[str, str]) -> None:
    for each in resources:
        merge_at(each.body, "metadata/annotations", pairs, create=True)
        for path in _templates(each.kind):
            merge_at(each.body, f"{path}/metadata/annotations", pairs, create=True)


def _templates(kind: str) -> list[str]:
    if kind in ("Pod", "PodTemplate") or kind not in POD_TEMPLATES:
        return []
    more = ["spec/jobTemplate"] if kind == "CronJob" else []
    return [*more, POD_TEMPLATES[kind]]


def images(resources: Sequence[Resource], changes: Sequence[Image]) -> None:
    """Wherever an object has containers or initContainers."""
    for change in changes:
        for each in resources:
            if each.kind != "CustomResourceDefinition":
                _images_in(each.body, change)


def _images_in(found: Any, change: Image) -> None:
    if isinstance(found, Mapping):
        for key, value in found.items():
            if key in ("containers", "initContainers") and isinstance(value, list):
                for container in value:
                    if isinstance(container, dict) and isinstance(container.get("image"), str):
                        container["image"] = _image(container["image"], change)
            _images_in(value, change)
    elif isinstance(found, list):
        for value in found:
            _images_in(value, change)


def _image(text: str, change: Image) -> str:
    match = _IMAGE.fullmatch(text)
    if match is None or match["name"] != change.name:
        return text
    tag, digest = match["tag"] or "", match["digest"] or ""
    if change.new_tag or change.digest:
        tag = f":{change.new_tag}" if change.new_tag else ""
        digest = f"@{change.digest}" if change.digest else ""
    return f"{change.new_name or change.name}{tag}{digest}"


def replicas(resources: Sequence[Resource], changes: Sequence[Replica], *, where: str) -> None:
    for change in changes:
        found = [
            each
            for each in resources
            if each.kind in _SCALED and change.name in [name for _, _, name in each.ids]
        ]
        if not found:
            kinds = ", ".join(_SCALED)
            raise ManifestError([f"{where}: replicas: none of {kinds} is called {change.name!r}."])
        for each in found:
            each.body.setdefault("spec", {})["replicas"] = change.count
