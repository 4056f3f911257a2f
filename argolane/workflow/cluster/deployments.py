"""A namespace in, its SeldonDeployments out: with their status, or described by where they come from."""

from typing import Any

from argolane.errors import ArgolaneError, unknown
from argolane.serving.lineage import describe
from argolane.workflow.cluster.api import SELDON, Object, connected


def deployments(*, namespace: str) -> list[Object]:
    """Every SeldonDeployment object, by name."""
    with connected(namespace) as cluster:
        found = cluster.objects.list_namespaced_custom_object(*SELDON[:2], namespace, SELDON[2])
    return sorted(found["items"], key=lambda deployment: str(deployment["metadata"]["name"]))


def whence(name: str, *, namespace: str) -> dict[str, Any]:
    """The lineage of a deployment, as `argolane.serving.lineage` tells that of a local one."""
    known = {str(d["metadata"]["name"]): d for d in deployments(namespace=namespace)}
    if name not in known:
        raise ArgolaneError(unknown("deployment", name, known, where=f"Namespace {namespace!r}: "))
    return describe(known[name])
