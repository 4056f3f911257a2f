"""SeldonDeployments in, the workflow that applies them out: what `argolane run` makes of a file of them.

Each is a task of its own, over when its deployment answers.
"""

from collections.abc import Sequence
from typing import Any

from argolane.errors import ManifestError
from argolane.manifest import Document, dump
from argolane.workflow.lint import seldon

_SECONDS = 600


def workflow(deployments: Sequence[Document]) -> Document:
    """Raises ManifestError with what no API server and no operator would take, by its place in the file."""
    found = [finding for document in deployments for finding in seldon.check(document)]
    if errors := [f"{f.where}: {f.message}" for f in found if f.severity == "error"]:
        raise ManifestError(errors)
    tasks = [{"name": f"apply-{i}", "template": f"apply-{i}"} for i in range(len(deployments))]
    body: dict[str, Any] = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"apply-{deployments[0].name or 'deployment'}-"},
        "spec": {
            "entrypoint": "main",
            "templates": [
                {"name": "main", "dag": {"tasks": tasks}},
                *(_template(f"apply-{i}", document) for i, document in enumerate(deployments)),
            ],
        },
    }
    return Document(body, deployments[0].path, str(deployments[0].path))


def _template(name: str, document: Document) -> dict[str, Any]:
    return {
        "name": name,
        "activeDeadlineSeconds": _SECONDS,
        # Failed may be a passing word of the operator, and an apply that changes nothing does no harm.
        "retryStrategy": {"limit": "2"},
        "resource": {
            "action": "apply",
            "successCondition": "status.state == Available",
            "failureCondition": "status.state == Failed",
            "manifest": dump(document.body),
        },
    }
