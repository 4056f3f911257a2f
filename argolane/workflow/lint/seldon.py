"""SeldonDeployments, Deployments, Services in, findings out: of a file, or of a resource template."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import ManifestError
from argolane.manifest import Document, loads
from argolane.serving import check as serving
from argolane.workflow.lint.finding import Finding

_TAG = re.compile(r"\{\{.*?\}\}", re.S)
# Two characters that nobody writes: a tag would be a mapping within a mapping to YAML.
_OPEN, _CLOSE = "\ue000", "\ue001"
_HIDDEN = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


def check(document: Document) -> Iterator[Finding]:
    """What the API server or Seldon refuse, what would go wrong without a word, what does not run locally."""
    for finding in serving.findings(document.body):
        yield Finding(f"{document.where}: {finding.at}", finding.level, finding.message)


def of_resource(resource: Mapping[str, Any]) -> list[serving.Finding]:
    """The same of the manifest of a resource template, as far as it is known before the run."""
    body = applied_by(resource)
    return [] if body is None else of_applied(body, resource)


def of_applied(body: Mapping[str, Any], resource: Mapping[str, Any]) -> list[serving.Finding]:
    """The same of what `applied_by` found."""
    return serving.findings(body, tags=True, partial=resource.get("action") == "patch")


def applied_by(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is kept up of what a resource template makes or changes, with Argo's tags as they stand."""
    if resource.get("action") in ("get", "delete"):
        return None
    body = object_of(resource)
    return body if body is not None and body.get("kind") in serving.KINDS else None


def object_of(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The one object that a resource template holds, of whatever kind, as far as it can be read."""
    tags: list[str] = []

    def hide(found: re.Match[str]) -> str:
        tags.append(found[0])
        return f"{_OPEN}{len(tags) - 1}{_CLOSE}"

    try:
        bodies = loads(_TAG.sub(hide, str(resource.get("manifest") or "")), "manifest")
    except ManifestError:
        return None  # Argo says so itself.
    if len(bodies) != 1 or not isinstance(bodies[0], dict):
        return None
    return dict(_shown(bodies[0], tags))


def _shown(tree: Any, tags: list[str]) -> Any:
    if isinstance(tree, dict):
        return {_shown(key, tags): _shown(value, tags) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_shown(part, tags) for part in tree]
    return _HIDDEN.sub(lambda m: tags[int(m[1])], tree) if isinstance(tree, str) else tree
