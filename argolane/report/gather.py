"""A recorded run in, what its page shows out: logs by task, and the pictures that tasks left in volumes."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from argolane.project import Project
from argolane.report import LOG_LINES, Picture, render
from argolane.report.headline import repository
from argolane.serving import host_names
from argolane.workflow.run.recorded import RunFolder, tail
from argolane.workflow.run.result import values_of
from argolane.workflow.run.tree import task_of, walk

MOST_PICTURES = 40
MOST_LOG = 1 << 20


def of_cluster(name: str | None, *, namespace: str, project: Project | None = None) -> tuple[str, str]:
    """The name and the HTML page of a run on the cluster; pictures stay in its volumes."""
    from argolane.workflow.cluster.api import connected, status_of
    from argolane.workflow.cluster.logs import ends
    from argolane.workflow.cluster.runs import find

    with connected(namespace) as cluster:
        workflow = find(cluster, name)
        logs = ends(cluster, workflow, lines=LOG_LINES)
    found, status = str(workflow["metadata"]["name"]), status_of(workflow)
    # As merged with its WorkflowTemplate: values that nobody gave are there too.
    spec = status.get("storedWorkflowTemplateSpec") or workflow["spec"]
    parameters = values_of(spec) | values_of(workflow["spec"])
    where = repository(project.root) if project else ""
    return found, render(name=found, status=status, parameters=parameters, logs=logs, repository=where)


def page(project: Project, run: RunFolder) -> str:
    """The HTML page of a local run."""
    logs = {
        path: tail(run.log(path), MOST_LOG) for path, node in walk(run.status) if node.get("type") == "Pod"
    }
    # Of tasks that name one folder the last one may have made what lies there.
    pictures = list({one.path: one for one in _pictures(project, run)}.values())[:MOST_PICTURES]
    parameters = values_of(run.workflow.get("spec") or {})
    return render(
        name=run.name,
        status=run.status,
        parameters=parameters,
        logs=logs,
        pictures=pictures,
        repository=repository(project.root),
        prepared=_prepared(run),
        services=host_names.of_services(project, project.settings.namespace),
    )


def _prepared(run: RunFolder) -> dict[str, float]:
    """Seconds that each pod waited for the environments of its images."""
    return {i: float(result.get("prepared") or 0.0) for i, result in run.record.results().items()}


def _pictures(project: Project, run: RunFolder) -> Iterator[Picture]:
    """PNG files in the folders that output parameters name, such as the version that training saved."""
    spec: Mapping[str, Any] = run.workflow.get("spec") or {}
    templates = {t.get("name"): t for t in spec.get("templates") or []}
    for path, node in walk(run.status):
        # A Retry node has the outputs of its last attempt; what lies there of one that failed is another's.
        if node.get("type") != "Pod" or node.get("phase") != "Succeeded":
            continue
        mounted = _mounted(project, run, spec, templates.get(node.get("templateName")) or {})
        for parameter in (node.get("outputs") or {}).get("parameters") or []:
            folder = _on_this_machine(str(parameter.get("value") or ""), mounted)
            for file in sorted(folder.glob("*.png")) if folder else []:
                yield Picture(task_of(path.rpartition("/")[2]), file)


def _mounted(
    project: Project, run: RunFolder, spec: Mapping[str, Any], template: Mapping[str, Any]
) -> dict[str, Path]:
    """Mount path to folder, for the claims that the main container of a template mounts."""
    volumes = {v["name"]: v for v in [*(spec.get("volumes") or []), *(template.get("volumes") or [])]}
    container = template.get("container") or template.get("script") or {}
    found = {}
    for mount in container.get("volumeMounts") or []:
        claim = (volumes.get(mount["name"]) or {}).get("persistentVolumeClaim")
        folder = project.claims / claim["claimName"] if claim else run.path / "volumes" / mount["name"]
        found[str(mount["mountPath"])] = folder / str(mount.get("subPath") or "")
    return found


def _on_this_machine(value: str, mounted: Mapping[str, Path]) -> Path | None:
    if not value.startswith("/") or ".." in PurePosixPath(value).parts:
        return None
    for target, folder in mounted.items():
        if PurePosixPath(value).is_relative_to(target):
            return folder / PurePosixPath(value).relative_to(target)
    return None
