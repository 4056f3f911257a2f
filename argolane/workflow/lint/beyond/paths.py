"""Paths of artifacts and outputs that lead nowhere: Argo mounts them, and a mount needs a whole path."""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.workflow.lint.argo.base import Base, Library, mapping, mappings
from argolane.workflow.lint.argo.kinds import is_pod
from argolane.workflow.lint.beyond.walking import say, templates
from argolane.workflow.lint.finding import Finding


def check(base: Base, _library: Library) -> Iterator[Finding]:
    """Every path of what a pod takes and gives."""
    for template, place in templates(base):
        if is_pod(template):
            for where, path in _paths(template):
                if path and not path.startswith("/") and "{{" not in path:
                    reason = f"{path!r} is relative; expected an absolute path such as '/tmp/{path}'."
                    yield say(base, f"{place}.{where}", "error", reason)


def _paths(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for side in ("inputs", "outputs"):
        for index, artifact in enumerate(mappings(mapping(template.get(side)).get("artifacts"))):
            yield f"{side}.artifacts[{index}].path", str(artifact.get("path") or "")
    for index, parameter in enumerate(mappings(mapping(template.get("outputs")).get("parameters"))):
        path = mapping(parameter.get("valueFrom")).get("path")
        yield f"outputs.parameters[{index}].valueFrom.path", str(path or "")
