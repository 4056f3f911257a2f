"""A namespace in, its SeldonDeployments out: with their status, or described by where they come from."""

from typing import Any

from kubernetes.client.exceptions import ApiException

from argolane.errors import ArgolaneError, unknown
from argolane.serving.lineage import describe
from argolane.workflow.cluster.api import SELDON, Cluster, Object, connected


def deployments(*, namespace: str) -> list[Object]:
    """Every SeldonDeployment object, by name."""
    with connected(namespace) as cluster:
        found = _listed(cluster)
    return sorted(found["items"], key=lambda deployment: str(deployment["metadata"]["name"]))


def delete(name: str | None, *, namespace: str) -> list[str]:
    """Delete the deployment of that name, or (None) every one; their names."""
    with connected(namespace) as cluster:
        known = [str(d["metadata"]["name"]) for d in _listed(cluster)["items"]]
        if name is not None and name not in known:
            raise ArgolaneError(unknown("deployment", name, known, where=f"Namespace {namespace!r}: "))
        wanted = sorted(known) if name is None else [name]
        for each in wanted:
            cluster.objects.delete_namespaced_custom_object(*SELDON[:2], namespace, SELDON[2], each)
    return wanted


def _listed(cluster: Cluster) -> Object:
    try:
        return dict(cluster.objects.list_namespaced_custom_object(*SELDON[:2], cluster.namespace, SELDON[2]))
    except ApiException as error:
        if error.status != 404:
            raise
        raise ArgolaneError(
            f"Namespace {cluster.namespace!r}: the cluster knows no SeldonDeployment. "
            "docs/operations.md says how to install Seldon."
        ) from None


def whence(name: str, *, namespace: str) -> dict[str, Any]:
    """The lineage of a deployment, as `argolane.serving.lineage` tells that of a local one."""
    known = {str(d["metadata"]["name"]): d for d in deployments(namespace=namespace)}
    if name not in known:
        raise ArgolaneError(unknown("deployment", name, known, where=f"Namespace {namespace!r}: "))
    return describe(known[name])
