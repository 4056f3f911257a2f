"""A template in, what kind it is out."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.lint.argo.base import mapping, mappings

# In the order in which Argo looks for them.
KINDS = (
    "container",
    "containerSet",
    "steps",
    "dag",
    "script",
    "resource",
    "data",
    "suspend",
    "http",
    "plugin",
)
_LEAVES = frozenset({"container", "containerSet", "script", "resource", "data", "http", "plugin"})
_PODS = frozenset({"container", "containerSet", "script", "resource", "data"})


def kind_of(template: Mapping[str, Any]) -> str:
    """One of KINDS, or ''."""
    return next((kind for kind in KINDS if kind in template), "")


def is_leaf(template: Mapping[str, Any]) -> bool:
    return kind_of(template) in _LEAVES


def is_pod(template: Mapping[str, Any]) -> bool:
    return kind_of(template) in _PODS


def has_result(template: Mapping[str, Any]) -> bool:
    """Whether `outputs.result` and `exitCode` can be read of it."""
    if any(kind in template for kind in ("container", "script", "data", "http", "plugin")):
        return True
    containers = mappings(mapping(template.get("containerSet")).get("containers"))
    return any(container.get("name") == "main" for container in containers)
