"""A Workflow and the templates near it in, what may be submitted out: checked against the cluster."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from argolane.errors import ArgolaneError
from argolane.manifest import Document
from argolane.workflow import catalog
from argolane.workflow.cluster.api import Cluster, Object
from argolane.workflow.merge import submitted


def installed(cluster: Cluster, workflow: Document, templates: Sequence[Document]) -> catalog.Entry:
    """The workflow with the WorkflowTemplates that the cluster has; ArgolaneError names all that it lacks."""
    found_here, missing = [], []
    for reference in sorted(references(workflow, templates)):
        found = cluster.read("workflowtemplates", reference)
        if found is None:
            missing.append(reference)
        else:
            found_here.append(Document(found, workflow.path, f"WorkflowTemplate {reference}"))
    if missing:
        files = [f"-f {t.path}" for t in templates if t.name in missing]
        cure = f" {' '.join(files)}" if files else " -f FILE"
        raise ArgolaneError(
            f"Namespace {cluster.namespace!r} has no WorkflowTemplate {', '.join(map(repr, missing))}. "
            f"Install all: scripts/install, or kubectl apply -k k8s_setup/overlays/NAME. "
            f"Only these: kubectl apply -n {cluster.namespace}{cure}"
        )
    return catalog.Entry(workflow, tuple(found_here))


def differing(here: Sequence[Document], local: Sequence[Document]) -> list[str]:
    """A line for each WorkflowTemplate that the cluster has otherwise than the files here."""
    specs = {t.name: t.body.get("spec") for t in local}
    return [
        f"{t.where} of the cluster is not the one of this project; the cluster's is what runs."
        for t in here
        if t.name in specs and t.body.get("spec") != specs[t.name]
    ]


def references(workflow: Document, templates: Sequence[Document]) -> set[str]:
    """Names of the WorkflowTemplates that a workflow refers to, and that those refer to."""
    by_name = {t.name: t for t in templates}
    found: set[str] = set()
    todo: list[Any] = [workflow.body.get("spec")]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key in ("workflowTemplateRef", "templateRef") and not inner.get("clusterScope"):
                    reference = str(inner.get("name"))
                    if "{{" not in reference and reference not in found:
                        found.add(reference)
                        if reference in by_name:
                            todo.append(by_name[reference].body.get("spec"))
                else:
                    todo.append(inner)
    return found


def body_of(workflow: Document, given: Mapping[str, str], name: str | None) -> Object:
    body = copy.deepcopy(workflow.body)
    metadata = body.setdefault("metadata", {})
    metadata.pop("namespace", None)
    if name is not None:
        metadata.pop("generateName", None)
        metadata["name"] = name
    body["spec"] = submitted(body.get("spec") or {}, given)
    return body
