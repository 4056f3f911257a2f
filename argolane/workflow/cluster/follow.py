"""A Workflow and parameters in, its Run on the cluster out: submitted, followed to its end, recorded."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kubernetes import watch
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from argolane.errors import ArgolaneError
from argolane.manifest import Document, dump
from argolane.project import Project
from argolane.workflow import catalog
from argolane.workflow.cluster.api import GROUP, VERSION, Cluster, Object, connected, status_of
from argolane.workflow.cluster.logs import of_node
from argolane.workflow.cluster.runs import as_run
from argolane.workflow.cluster.submit import body_of, differing, installed
from argolane.workflow.run.events import Event, NodeChanged, RunChanged, Said
from argolane.workflow.run.record import safe
from argolane.workflow.run.result import Run
from argolane.workflow.run.status import ENDED
from argolane.workflow.run.tree import walk

TAKEN_UP_WITHIN = 60.0  # seconds until a controller has touched a new Workflow
WATCH = 50  # seconds of one watch request, below the read timeout of the client and of proxies between
LAST_LINES = 20  # of a failed task's log


class Interrupted(ArgolaneError):
    """Ctrl-C: the command ends, the workflow goes on."""

    exit_status = 130


def run(
    project: Project,
    workflow: Document,
    *,
    templates: Sequence[Document] = (),
    parameters: Mapping[str, str] | None = None,
    name: str | None = None,
    namespace: str | None = None,
    observe: Callable[[Event], None] | None = None,
    deadline: float | None = None,
) -> Run:
    """Submits `workflow` to the current kube context and follows it to its end, at most `deadline` s.

    The run's folder holds workflow.yaml, status.json and the logs of failed tasks, as after a local run.
    """
    given = dict(parameters or {})
    where = namespace or (workflow.body.get("metadata") or {}).get("namespace") or project.settings.namespace
    tell = observe or (lambda event: None)
    with connected(where) as cluster:
        entry = installed(cluster, workflow, templates)
        catalog.check_parameters(entry, given)
        for line in differing(entry.templates, templates):
            tell(Said(line))
        created = cluster.create("workflows", body_of(workflow, given, name))
        title = str(created["metadata"]["name"])
        folder = project.runs / title
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        (folder / "workflow.yaml").write_text(dump(created), encoding="utf-8")
        tell(Said(f"{title} is submitted to namespace {where}."))
        try:
            result = _follow(cluster, title, folder, tell, deadline)
        except KeyboardInterrupt:
            raise Interrupted(
                f"{title} goes on in namespace {where}. Follow it: argolane get {title} --on argo. "
                f"End it: argolane delete {title} --on argo."
            ) from None
        for line in (*_keep_logs(cluster, result, folder / "logs"), *why(result)):
            tell(Said(line))
        return result


def _follow(
    cluster: Cluster, name: str, folder: Path, tell: Callable[[Event], None], deadline: float | None
) -> Run:
    seen: dict[str, Object] = {}
    result = Run(name, "Pending", folder=folder, namespace=cluster.namespace)
    for latest in _versions(cluster, name, deadline):
        result = as_run(latest, cluster.namespace, folder=folder)
        _record(folder, result.status)
        for path, node in walk(result.status):
            if seen.get(path) != node:
                seen[path] = dict(node)
                tell(NodeChanged(path, seen[path]))
    tell(RunChanged(result.phase, result.message))
    return result


def _versions(cluster: Cluster, name: str, deadline: float | None) -> Iterator[Object]:
    """The Workflow object each time it changed, the last one ended."""
    started, seen, taken_up = time.monotonic(), "", False
    while True:
        for latest in _changes(cluster, name):
            version = str(latest["metadata"]["resourceVersion"])
            phase = status_of(latest).get("phase")
            taken_up = taken_up or bool(phase)
            if version != seen:
                seen = version
                yield latest
            if phase in ENDED:
                return
        waited = time.monotonic() - started
        if not taken_up and waited > TAKEN_UP_WITHIN:
            raise ArgolaneError(
                f"{name}: no Argo controller has taken it up in {waited:.0f} s. Is one running, and does it "
                f"watch namespace {cluster.namespace}? kubectl get pods -A -l app=workflow-controller"
            )
        if deadline is not None and waited > deadline:
            raise ArgolaneError(
                f"{name} has not ended in {waited:.0f} s and goes on. "
                f"End it: argolane delete {name} --on argo."
            )


def _changes(cluster: Cluster, name: str) -> Iterator[Object]:
    """The object as it is, then its versions for WATCH seconds; a watch that breaks off just ends early."""
    current = cluster.read("workflows", name)
    if current is None:
        raise ArgolaneError(f"{name} was deleted while it ran.")
    yield current
    events = watch.Watch()  # type: ignore[no-untyped-call]
    try:
        for event in events.stream(  # type: ignore[no-untyped-call]
            cluster.objects.list_namespaced_custom_object,
            GROUP,
            VERSION,
            cluster.namespace,
            "workflows",
            field_selector=f"metadata.name={name}",
            resource_version=current["metadata"]["resourceVersion"],
            timeout_seconds=WATCH,
            _request_timeout=WATCH + 10,
        ):
            if event["type"] in ("ADDED", "MODIFIED"):
                yield event["object"]
    except (ProtocolError, ReadTimeoutError):
        time.sleep(1)
    except ApiException as error:
        if error.status != 410:  # Gone: that version is too old to watch from
            raise


def _keep_logs(cluster: Cluster, run: Run, folder: Path) -> Iterator[str]:
    """Writes the log of each failed task, and says its last lines."""
    for path, node in walk(run.status):
        if node.get("type") == "Pod" and node.get("phase") in ("Failed", "Error"):
            lines = "".join(of_node(cluster, run.name, node)).splitlines()
            file = folder / f"{safe(path)}.txt"
            file.write_text("\n".join([*lines, ""]), encoding="utf-8")
            yield f"{node['displayName']} {node['phase']}; its last lines (all: {file}):"
            yield from (f"    {line}" for line in lines[-LAST_LINES:])


def why(run: Run) -> Iterator[str]:
    """Why it failed, where a task has found that out: last, for there a person looks first."""
    if run.phase == "Succeeded":
        return
    for node in (run.status.get("nodes") or {}).values():
        for parameter in (node.get("outputs") or {}).get("parameters") or ():
            if node["type"] == "Pod" and parameter["name"] == "reason" and parameter.get("value"):
                yield f"{node['displayName'].partition('(')[0]} says:"
                yield from (f"    {line}" for line in str(parameter["value"]).splitlines())


def _record(folder: Path, status: Mapping[str, Any]) -> None:
    part = folder / "status.json.part"
    part.write_text(json.dumps(status, indent=1), encoding="utf-8")
    part.replace(folder / "status.json")
