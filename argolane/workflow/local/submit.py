"""A manifest, its templates and what `-p` gave in, the one workflow that runs out."""

import random
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from argolane.errors import ManifestError, unknown
from argolane.languages.values import normalize_tree
from argolane.manifest import Document
from argolane.workflow.merge import differing, join
from argolane.workflow.run import names
from argolane.workflow.run.submission import Submission

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"

# generateName tells which workflow a run was made from, as on a cluster.
_KEPT = ("generateName", "labels", "annotations")


def submit(
    workflow: Document,
    templates: Sequence[Document],
    parameters: Mapping[str, str],
    *,
    name: str | None = None,
    entrypoint: str | None = None,
) -> Submission:
    """The workflow to run; a WorkflowTemplate or CronWorkflow can be submitted as well.

    UsageError when no run can have that name.
    """
    body = workflow.body
    spec = dict(body.get("spec") or {})
    if workflow.kind == "CronWorkflow":
        spec = dict(spec.get("workflowSpec") or {})
    others = [document.body for document in templates if document.kind.endswith("WorkflowTemplate")]
    if workflow.kind.endswith("WorkflowTemplate"):
        others.append(body)
    referred = _referred(workflow, spec, others)
    changed = differing(parameters, spec, referred)
    spec = normalize_tree(join(spec, referred, parameters, entrypoint=entrypoint))
    metadata = {k: v for k, v in (body.get("metadata") or {}).items() if k in _KEPT}
    spec.pop("workflowTemplateRef", None)
    chosen = _name(workflow) if name is None else name
    names.check(chosen, where=f"{workflow.where}: metadata.name" if name is None else "--name")
    return Submission(chosen, str(uuid.uuid4()), time.time(), metadata, spec, tuple(others), changed)


def _referred(
    workflow: Document, spec: Mapping[str, Any], others: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    reference = spec.get("workflowTemplateRef")
    if not reference:
        return None
    kind = "ClusterWorkflowTemplate" if reference.get("clusterScope") else "WorkflowTemplate"
    known = {str((o.get("metadata") or {}).get("name")): o for o in others if o.get("kind") == kind}
    wanted = str(reference.get("name"))
    if wanted not in known:
        raise ManifestError(
            [unknown(kind, wanted, known, where=f"{workflow.where}: spec.workflowTemplateRef: ")]
        )
    return dict(known[wanted].get("spec") or {})


def _name(workflow: Document) -> str:
    metadata = workflow.body.get("metadata") or {}
    if metadata.get("name") and workflow.kind == "Workflow":
        return str(metadata["name"])
    prefix = str(metadata.get("generateName") or f"{workflow.name or 'run'}-")
    return prefix + "".join(random.choices(_LETTERS, k=5))  # noqa: S311  (a name, not a secret)
