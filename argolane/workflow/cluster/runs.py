"""Names in, Runs of the cluster out: what `argolane get`, `delete` and `whence` show with `--on argo`."""

from typing import Any

from argolane.errors import ArgolaneError, unknown
from argolane.workflow.cluster.api import GROUP, VERSION, Cluster, Object, connected, status_of
from argolane.workflow.run.result import Run


def get(name: str | None, *, namespace: str) -> Run:
    """The run of that name; the latest when None, and the latest of a workflow when its name is given."""
    with connected(namespace) as cluster:
        return as_run(find(cluster, name))


def runs(*, namespace: str) -> list[Run]:
    """Every run of the namespace, newest first."""
    with connected(namespace) as cluster:
        return [as_run(workflow) for workflow in _newest_first(cluster)]


def delete(name: str, *, namespace: str) -> None:
    """Ends a run if it goes on, and removes it and its pods."""
    with connected(namespace) as cluster:
        title = find(cluster, name, latest=False)["metadata"]["name"]
        cluster.objects.delete_namespaced_custom_object(
            GROUP, VERSION, namespace, "workflows", title, propagation_policy="Foreground"
        )


def as_run(workflow: Object, folder: Any = None) -> Run:
    status = status_of(workflow)
    phase = str(status.get("phase") or "Pending")
    return Run(workflow["metadata"]["name"], phase, str(status.get("message") or ""), status, folder)


def find(cluster: Cluster, name: str | None, *, latest: bool = True) -> Object:
    """The Workflow object that `name` means; ArgolaneError with the nearest name when there is none."""
    if name is not None and (found := cluster.read("workflows", name)) is not None:
        return found
    known = _newest_first(cluster)
    if latest:
        for workflow in known:
            if name is None or workflow["metadata"].get("generateName", "").rstrip("-") == name:
                return workflow
    names = [workflow["metadata"]["name"] for workflow in known]
    where = f"Namespace {cluster.namespace!r}: "
    if name is None:
        raise ArgolaneError(f"{where}there is no run.")
    raise ArgolaneError(unknown("run", name, names, where=where))


def _newest_first(cluster: Cluster) -> list[Object]:
    found = cluster.read_all("workflows")
    return sorted(found, key=lambda w: str(w["metadata"]["creationTimestamp"]), reverse=True)
