"""One object in the making: its body, the names it had on the way, and whether its name gets a hash."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from argolane.kubernetes.kustomize.fields import Selector
from argolane.kubernetes.selectors import parse

# What has no namespace; what nobody knows is taken to have one.
CLUSTER_KINDS = frozenset(
    (
        "APIService", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode", "CustomResourceDefinition",
        "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume",
        "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
        "ValidatingAdmissionPolicy", "ValidatingWebhookConfiguration", "VolumeAttachment",
    )
)  # fmt: skip


@dataclass
class Resource:
    body: dict[str, Any]
    where: str
    hashed: bool = False
    former: list[tuple[str, str, str]] = field(default_factory=list)
    """(kind, namespace, name) that it had, the first one first."""
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return str(self.body.get("kind", ""))

    @property
    def metadata(self) -> dict[str, Any]:
        if not isinstance(self.body.get("metadata"), dict):
            self.body["metadata"] = {}
        found: dict[str, Any] = self.body["metadata"]
        return found

    @property
    def name(self) -> str:
        return str(self.metadata.get("name", ""))

    @property
    def namespace(self) -> str:
        """That of the object, `default` where it says none."""
        return "" if self.kind in CLUSTER_KINDS else str(self.metadata.get("namespace") or "default")

    @property
    def id(self) -> tuple[str, str, str]:
        return self.kind, self.namespace, self.name

    @property
    def ids(self) -> list[tuple[str, str, str]]:
        return [*self.former, self.id]

    @property
    def group_version(self) -> tuple[str, str]:
        group, _, version = str(self.body.get("apiVersion", "")).rpartition("/")
        return group, version

    def rename(self, name: str) -> None:
        self.former.append(self.id)
        self.metadata["name"] = name

    def move(self, namespace: str) -> None:
        self.former.append(self.id)
        self.metadata["namespace"] = namespace

    def is_selected(self, by: Selector, *, regex: bool) -> bool:
        """`regex`: names are patterns of the whole name, as in patches; in replacements they are names."""
        group, version = self.group_version
        said = ((by.group, group), (by.version, version), (by.kind, self.kind))
        if any(not _fits(wanted, found, regex=regex) for wanted, found in said):
            return False
        named = any(
            _fits(by.name, name, regex=regex) and _fits(by.namespace, namespace, regex=regex)
            for _, namespace, name in self.ids
        )
        return named and self._labelled(by)

    def _labelled(self, by: Selector) -> bool:
        said = ((by.label_selector, "labels"), (by.annotation_selector, "annotations"))
        return all(_matches(selector, self.metadata.get(where) or {}) for selector, where in said)


def _matches(selector: str, labels: Mapping[str, Any]) -> bool:
    for need in parse(selector):
        value = labels.get(need.key)
        if need.operator in ("=", "==", "in"):
            fits = value in need.values
        elif need.operator in ("!=", "notin"):
            fits = value not in need.values
        else:
            fits = (value is None) == (need.operator == "!")
        if not fits:
            return False
    return True


def _fits(wanted: str, found: str, *, regex: bool) -> bool:
    if not wanted:
        return True
    return re.fullmatch(wanted, found) is not None if regex else wanted == found
