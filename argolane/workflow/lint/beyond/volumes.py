"""Mounts of volumes that nobody declares: Argo notices only when it makes the pod."""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import unknown
from argolane.workflow.lint.argo.base import Base, Library, mapping, mappings
from argolane.workflow.lint.beyond.walking import say, templates
from argolane.workflow.lint.finding import Finding, Severity


def check(base: Base, library: Library) -> Iterator[Finding]:
    """Every volumeMount of every container."""
    shared = library.get(mapping(base.spec.get("workflowTemplateRef")))
    declared = _declared(base.spec) | (_declared(shared.spec) if shared else set())
    severity: Severity = "warning" if base.document.kind.endswith("WorkflowTemplate") else "error"
    for template, place in templates(base):
        known = declared | {str(volume.get("name")) for volume in mappings(template.get("volumes"))}
        for container, where in containers(template, place):
            for index, mount in enumerate(mappings(container.get("volumeMounts"))):
                name = str(mount.get("name") or "")
                if name not in known and "{{" not in name:
                    reason = unknown("volume", name, known)
                    yield say(base, f"{where}.volumeMounts[{index}].name", severity, reason)
    yield from _twice(base)


def containers(template: Mapping[str, Any], place: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every container of a template, with its place."""
    for key in ("container", "script", "containerSet"):
        if isinstance(template.get(key), dict):
            yield template[key], f"{place}.{key}"
    for key in ("initContainers", "sidecars"):
        for index, container in enumerate(mappings(template.get(key))):
            yield container, f"{place}.{key}[{index}]"
    for index, container in enumerate(mappings(mapping(template.get("containerSet")).get("containers"))):
        yield container, f"{place}.containerSet.containers[{index}]"


def _declared(spec: Mapping[str, Any]) -> set[str]:
    claims = mappings(spec.get("volumeClaimTemplates"))
    names = {str(volume.get("name")) for volume in mappings(spec.get("volumes"))}
    return names | {str(mapping(claim.get("metadata")).get("name")) for claim in claims}


def _twice(base: Base) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, volume in enumerate(mappings(base.spec.get("volumes"))):
        name = str(volume.get("name"))
        if name in seen:
            yield say(
                base, f"{base.root}.volumes[{index}].name", "error", f"the volume {name!r} is declared twice."
            )
        seen.add(name)
