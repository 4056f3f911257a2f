"""A template that runs something itself in, Argo's complaints about it out."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from argolane.workflow.lint.argo.base import (
    PLACEHOLDER,
    Base,
    Check,
    Complaint,
    mapping,
    mappings,
    placeholder,
)
from argolane.workflow.lint.argo.names import field_name, named
from argolane.workflow.lint.argo.scopes import check_tags

_ACTIONS = ("get", "create", "apply", "delete", "replace", "patch")


def check_leaf(
    check: Check, base: Base, scope: dict[str, Any], template: Mapping[str, Any], place: str
) -> Iterator[Complaint]:
    """Tags, images, mounts, the manifest of a resource, the deadline."""
    name = template.get("name", "")
    yield from check_tags(check, base, f"templates.{name}: ", scope, template, place, kind="templates")
    defaults = mapping(base.spec.get("templateDefaults"))
    if "container" in template:
        yield from _mounts(base, template, place)
    for kind in ("container", "script"):
        default = mapping(defaults.get(kind)) if base.document.kind != "ClusterWorkflowTemplate" else {}
        if kind in template and not mapping(template[kind]).get("image") and not default.get("image"):
            yield base.complaint(f"templates.{name}.{kind}.image may not be empty", f"{place}.{kind}")
    if "containerSet" in template:
        yield from _container_set(base, template, place)
    resource = template.get("resource")
    if resource is not None and (text := _resource_fault(name, mapping(resource), template)):
        yield base.complaint(text, f"{place}.resource")
    if "activeDeadlineSeconds" in template and not _deadline_fits(template["activeDeadlineSeconds"]):
        yield base.complaint(
            f"templates.{name}.activeDeadlineSeconds must be a positive integer > 0 or an argo variable",
            f"{place}.activeDeadlineSeconds",
        )
    if "parallelism" in template:
        yield base.complaint(
            f"templates.{name}.parallelism is only valid for steps and dag templates", f"{place}.parallelism"
        )


def _mounts(base: Base, template: Mapping[str, Any], place: str) -> Iterator[Complaint]:
    mounts = _placed(mapping(template["container"]), "volumeMounts", "mountPath", "container.")
    artifacts = _placed(mapping(template.get("inputs")), "artifacts", "path", "inputs.")
    for where, text in _twice([*mounts, *artifacts]):
        yield base.complaint(f"templates.{template.get('name', '')}.{where} {text}", f"{place}.{where}")


def _placed(owner: Mapping[str, Any], key: str, field: str, prefix: str) -> Iterator[tuple[str, str, str]]:
    """(where it is said, path, what is there) of each entry below `key` that has a path in its `field`."""
    for index, one in enumerate(mappings(owner.get(key))):
        yield f"{prefix}{key}[{index}].{field}", str(one.get(field) or ""), f"{prefix}{key}.{one.get('name')}"


def _twice(placed: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Where a path is taken already, and Argo's words for it."""
    seen = dict[str, str]()
    for where, path, what in placed:
        if path in seen:
            yield where, f"'{path}' already mounted in {seen[path]}"
        seen[path] = what


def _container_set(base: Base, template: Mapping[str, Any], place: str) -> Iterator[Complaint]:
    name, containers = template.get("name", ""), mappings(mapping(template["containerSet"]).get("containers"))
    prefix, where = f"templates.{name}.containerSet.", f"{place}.containerSet.containers"
    if not containers:
        yield base.complaint(f"{prefix}containers must have at least one container", where)
        return
    for index, reason in named(containers, field_name):
        yield base.complaint(f"{prefix}containers{reason}", f"{where}[{index}].name")
    for mounted, text in _twice(_placed(mapping(template["containerSet"]), "volumeMounts", "mountPath", "")):
        yield base.complaint(f"{prefix}{mounted} {text}", f"{place}.containerSet.{mounted}")
    needs = {
        str(container.get("name") or ""): [str(needed) for needed in container.get("dependencies") or ()]
        for container in containers
    }
    for index, container in enumerate(containers):
        for needed in container.get("dependencies") or ():
            if needed not in needs:
                text = f"{prefix}containers.{container.get('name')} dependency '{needed}' not defined"
                yield base.complaint(text, f"{where}[{index}].dependencies")
    if cycle := _cycle(needs):
        yield base.complaint(f"{prefix}containers dependency cycle detected: {'->'.join(cycle)}", where)
    inputs, outputs = mapping(template.get("inputs")), mapping(template.get("outputs"))
    if (
        inputs.get("artifacts") or outputs.get("parameters") or outputs.get("artifacts")
    ) and "main" not in needs:
        yield base.complaint(
            f'{prefix}containers must have a container named "main" for input or output', where
        )


def _cycle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The way from one container along what it needs back to one on the way; empty where there is none."""
    done = set[str]()

    def below(name: str, way: list[str]) -> list[str]:
        if name in done:
            return []
        for needed in needs.get(name, ()):
            if needed in way:
                return [*way, needed]
            if found := below(needed, [*way, needed]):
                return found
        done.add(name)
        return []

    return next((found for name in needs if (found := below(name, [name]))), [])


def _resource_fault(name: str, resource: Mapping[str, Any], template: Mapping[str, Any]) -> str:
    action, manifest = str(resource.get("action") or ""), str(resource.get("manifest") or "")
    if not action.startswith(PLACEHOLDER) and action not in _ACTIONS:
        return f"templates.{name}.resource.action must be one of: {', '.join(_ACTIONS)}"
    if action in ("delete", "get"):
        return ""
    source = resource.get("manifestFrom")
    if not manifest and source is None:
        either = f"either templates.{name}.resource.manifest or templates.{name}.resource.manifestFrom"
        return f"{either} must be specified"
    if manifest and source is not None:
        return (
            "shouldn't have both `manifest` and `manifestFrom` specified in `Manifest` for resource template"
        )
    if source is not None:
        wanted = mapping(mapping(source).get("artifact")).get("name")
        artifacts = mappings(mapping(template.get("inputs")).get("artifacts"))
        if wanted is not None and all(artifact.get("name") != wanted for artifact in artifacts):
            return f"artifact {wanted} in `manifestFrom` refer to a non-exist artifact"
        return ""
    if not manifest.startswith(PLACEHOLDER):
        try:
            yaml.safe_load(re.sub(r"\{\{\s*=\s*(.+?)\s*\}\}", lambda _: placeholder(), manifest))
        except yaml.YAMLError:
            return f"templates.{name}.resource.manifest must be a valid yaml"
    return ""


def _deadline_fits(deadline: Any) -> bool:
    if isinstance(deadline, int):
        return deadline >= 0
    text = str(deadline)
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text) >= 0
    return text.startswith(PLACEHOLDER) or (text.startswith("{{") and text.endswith("}}"))
