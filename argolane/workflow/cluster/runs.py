"""Names in, Runs of the cluster out: what `argolane get`, `delete` and `whence` show with `--on argo`."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from kubernetes.client.exceptions import ApiException

from argolane.errors import ArgolaneError, unknown
from argolane.workflow.cluster.api import GROUP, VERSION, Cluster, Object, connected, status_of
from argolane.workflow.merge import differing
from argolane.workflow.run.result import Run, values_of, workflow_of


def get(name: str | None, *, namespace: str) -> Run:
    """The run of that name; the latest when None, and the latest of a workflow when its name is given."""
    with connected(namespace) as cluster:
        return as_run(find(cluster, name), namespace)


def runs(*, namespace: str) -> list[Run]:
    """Every run of the namespace, newest first."""
    with connected(namespace) as cluster:
        found = _newest_first(cluster)
        templates: dict[str, Object] = {}
        with contextlib.suppress(ApiException):  # Who may not read them sees all that was given.
            templates = {t["metadata"]["name"]: t["spec"] for t in cluster.read_all("workflowtemplates")}
    return [as_run(workflow, namespace, changed=_changed(workflow, templates)) for workflow in found]


def delete(name: str, *, namespace: str) -> None:
    """Ends a run if it goes on, and removes it and its pods."""
    with connected(namespace) as cluster:
        title = find(cluster, name, latest=False)["metadata"]["name"]
        cluster.objects.delete_namespaced_custom_object(
            GROUP, VERSION, namespace, "workflows", title, propagation_policy="Foreground"
        )


def as_run(
    workflow: Object, namespace: str, *, folder: Path | None = None, changed: Mapping[str, str] | None = None
) -> Run:
    status = status_of(workflow)
    phase, message = str(status.get("phase") or "Pending"), str(status.get("message") or "")
    name = str(workflow["metadata"]["name"])
    spec = workflow.get("spec") or {}
    # As merged with its WorkflowTemplate: values that nobody gave are there too.
    stored = status.get("storedWorkflowTemplateSpec") or {}
    return Run(
        name, phase, message, status, folder, changed=changed or {}, namespace=namespace,
        workflow=workflow_of(name, workflow["metadata"], spec), values=values_of(stored) | values_of(spec),
    )  # fmt: skip


def _changed(workflow: Object, templates: Mapping[str, Object]) -> dict[str, str]:
    """Of a Workflow of its own alone nobody can tell what was given and what stood there."""
    spec = workflow.get("spec") or {}
    referred = (spec.get("workflowTemplateRef") or {}).get("name")
    if referred is None:
        return {}
    listed = (spec.get("arguments") or {}).get("parameters") or []
    given = {str(p["name"]): str(p["value"]) for p in listed if p.get("value") is not None}
    return differing(given, {}, templates.get(referred))


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
