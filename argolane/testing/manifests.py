"""A workflow's manifests and the names of faked templates in, manifests for the engine to run with them out.

A faked template that holds others, waits, or is of a kind that the engine refuses becomes a leaf. Nobody
waits for its next attempt.
"""

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from argolane.manifest import Document
from argolane.workflow.catalog import Entry
from argolane.workflow.local.reconciler.template.types import TYPES

# Their pods mount volumes; every other kind becomes one of these when it is faked, and so one node.
_PODS = ("container", "script", "resource")
_LEFT_OUT = {*TYPES} - {*_PODS}
_STAND_IN = {"image": "fake"}


def templates(entry: Entry) -> list[dict[str, Any]]:
    """Every template that the workflow can call."""
    return [template for body in _bodies(entry) for template in _templates(body)]


def faked(entry: Entry, names: Collection[str]) -> list[Document]:
    """The workflow and the templates near it, those of these names changed where it can call them."""
    used = [id(body) for body in _bodies(entry)]
    return [
        replace(document, body=_faked(document.body, names)) if id(document.body) in used else document
        for document in (entry.workflow, *entry.templates)
    ]


def _bodies(entry: Entry) -> list[dict[str, Any]]:
    """The workflow and the WorkflowTemplates that it refers to, at any depth."""
    near = {document.name: document.body for document in entry.templates}
    bodies, names = [entry.workflow.body], list(_references(entry.workflow.body))
    seen = set[str]()
    while names:
        name = names.pop()
        if name in near and name not in seen:
            seen.add(name)
            bodies.append(near[name])
            names += _references(near[name])
    return bodies


def _faked(body: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    for template in _templates(changed):
        if template.get("name") not in names:
            continue
        for kind in _LEFT_OUT & set(template):
            del template[kind]
        if not any(template.get(kind) is not None for kind in _PODS):
            template["container"] = _STAND_IN
        if backoff := (template.get("retryStrategy") or {}).get("backoff"):
            backoff["duration"] = "0s"
        for artifact in (template.get("outputs") or {}).get("artifacts") or ():
            artifact.setdefault("path", f"/fake/{artifact['name']}")
    return changed


def _templates(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((body.get("spec") or {}).get("templates") or ())


def _references(tree: Any) -> Iterator[str]:
    """Names of the WorkflowTemplates that a manifest refers to."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if key in ("templateRef", "workflowTemplateRef") and isinstance(value, Mapping):
                yield str(value.get("name"))
            else:
                yield from _references(value)
    elif isinstance(tree, list):
        for part in tree:
            yield from _references(part)
