"""A recorded case in, how the local engine's outcome differs from the real controller's out."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recording import Case, Paths, compare, compare_refusal, observed

from argolane.containers import cgroups
from argolane.containers.cgroups import Limits
from argolane.errors import NotSupportedLocally
from argolane.kubernetes.objects import Objects
from argolane.manifest import load
from argolane.project import Project, ProjectSettings
from argolane.workflow import local
from argolane.workflow.lint import submit_error

# Of sleeps, deadlines and backoffs of the recorded manifests.
_AT_ONCE = 8
_LONG = ("dag-failfast-true", "deadline-retry", "deadline-workflow", "deadline-template-parameter")


@dataclass
class Outcome:
    """`differences` is empty when all is as recorded; `refused` are fields that the engine does not run."""

    name: str
    differences: list[str] = field(default_factory=list)
    refused: tuple[str, ...] = ()


def run(name: str, root: Path, settings: ProjectSettings | None = None) -> Outcome:
    """Run a case in a project of its own below `root`."""
    case = Case(name)
    project = Project(root / name, settings or ProjectSettings(namespace="conf"))
    objects = Objects(project)
    for document in _documents(case.file("objects.yaml")):
        if document.kind in ("ConfigMap", "Secret"):
            objects.put(document.body, 0)
    templates = _documents(case.file("templates.yaml"))
    workflow = load(case.workflow)[0]
    refusal = submit_error(workflow, templates, case.parameters, entrypoint=case.entrypoint)
    if refusal is not None or case.expected["submit_error"] is not None:
        return Outcome(name, compare_refusal(case.expected, refusal))
    printed: dict[str, bytes] = defaultdict(bytes)

    def observe(event: local.Event) -> None:
        if isinstance(event, local.Printed) and event.container == "main" and event.stream == "stdout":
            printed[event.path] += event.data

    try:
        result = local.run(
            project,
            workflow,
            templates=templates,
            parameters=case.parameters,
            entrypoint=case.entrypoint,
            observe=observe,
        )
    except NotSupportedLocally as unsupported:
        return Outcome(name, refused=unsupported.faults)
    logs = {path: data.decode("utf-8", "replace") for path, data in printed.items()}
    status = {**result.status, "phase": result.phase, "message": result.message}
    found = observed(result.name, status, _without_banners(status, logs, case.expected))
    _stop(found, case.expected)
    return Outcome(name, compare(case.expected, found))


@contextlib.contextmanager
def run_all(
    names: Iterable[str], root: Path, settings: ProjectSettings | None = None
) -> Iterator[dict[str, Future[Outcome]]]:
    """Cases beside each other, for they mostly wait; the longest begin."""
    order = sorted(names, key=lambda name: (name not in _LONG, name))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {name: pool.submit(run, name, root, settings) for name in order}


def needs(name: str) -> str:
    """Why a case cannot end as recorded on this machine; '' where it can.

    The recordings are of a node with control groups of version 1, where one process is killed alone.
    """
    if not name.startswith("lab-oom-"):
        return ""
    if name == "lab-oom-child" and any(each.version == 2 for each in cgroups.hierarchies()):
        return "version 2 of control groups kills main, too"
    return cgroups.lacking(Limits(memory=1))


def _without_banners(
    status: Mapping[str, Any], logs: Mapping[str, str], wanted: Mapping[str, Any]
) -> dict[str, str]:
    """Python prints at once here. On a cluster its buffer dies with a daemon that is killed."""
    nodes = status.get("nodes") or {}
    paths = Paths("", nodes)
    daemons = {paths.path(key) for key, node in nodes.items() if node.get("podIP")}
    recorded = wanted.get("logs") or {}
    return {path: text for path, text in logs.items() if path in recorded or path not in daemons}


def _stop(found: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    """Where Argo never ends, the engine stops with an error: what Argo leaves Running is let off."""
    if wanted["phase"] == "Running" and found["phase"] == "Error":
        found |= {key: wanted.get(key) for key in ("phase", "message", "outputs", "logs")}
    running = {node["path"]: node for node in wanted["nodes"] if node["phase"] == "Running"}
    for node in found["nodes"]:
        if recorded := running.get(node["path"]):
            node |= {key: recorded[key] for key in ("phase", "message", "exitCode") if key in recorded}


def _documents(file: Path) -> list[Any]:
    return load(file) if file.exists() else []
