"""A recorded case in, how the local engine's outcome differs from the real controller's out.

What is compared, and how a node's path is made, is said in README.md beside this file.
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argolane.errors import NotSupportedLocally
from argolane.manifest import load
from argolane.project import Project, ProjectSettings
from argolane.workflow import local
from argolane.workflow.lint import submit_error
from argolane.workflow.local.objects import Objects

CASES = Path(__file__).with_name("cases")


@dataclass
class Outcome:
    """`differences` is empty when all is as recorded; `refused` are fields that the engine does not run."""

    name: str
    differences: list[str] = field(default_factory=list)
    refused: tuple[str, ...] = ()


def names() -> list[str]:
    return sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


def expected(name: str) -> dict[str, Any]:
    return dict(json.loads((CASES / name / "expected.json").read_text(encoding="utf-8")))


def run(name: str, root: Path) -> Outcome:
    """Run a case in a project of its own below `root`."""
    case, wanted = CASES / name, expected(name)
    project = Project(root / name, ProjectSettings(namespace="conf"))
    objects = Objects(project)
    for document in _documents(case / "objects.yaml"):
        if document.kind in ("ConfigMap", "Secret"):
            objects.put(document.body, 0)
    settings = _json(case / "submit.json")
    templates = _documents(case / "templates.yaml")
    workflow, parameters = load(case / "workflow.yaml")[0], _json(case / "params.json")
    refusal = submit_error(workflow, templates, parameters, entrypoint=settings.get("entrypoint"))
    if refusal is not None or wanted["submit_error"] is not None:
        same = refusal == wanted["submit_error"]
        line = f"submit_error: wanted {wanted['submit_error']!r}, found {refusal!r}"
        return Outcome(name, [] if same else [line])
    printed: dict[str, bytes] = defaultdict(bytes)

    def observe(event: local.Event) -> None:
        if isinstance(event, local.Printed) and event.container == "main" and event.stream == "stdout":
            printed[event.path] += event.data

    try:
        result = local.run(
            project,
            workflow,
            templates=templates,
            parameters=parameters,
            entrypoint=settings.get("entrypoint"),
            observe=observe,
        )
    except NotSupportedLocally as unsupported:
        return Outcome(name, refused=unsupported.faults)
    return Outcome(name, compare(wanted, _found(result, printed)))


def compare(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """One line a difference."""
    endless = wanted["phase"] == "Running"
    lines = []
    if endless:
        if found["phase"] != "Error":
            lines.append(f"phase: Argo never ends, found {found['phase']}")
    else:
        for key in ("phase", "message", "outputs", "logs"):
            if wanted.get(key) != found.get(key):
                lines.append(f"{key}: wanted {wanted.get(key)!r}, found {found.get(key)!r}")
    wanted_nodes = {node["path"]: node for node in wanted["nodes"]}
    found_nodes = {node["path"]: node for node in found["nodes"]}
    lines += [f"missing node {path}" for path in wanted_nodes if path not in found_nodes]
    lines += [f"extra node {path}" for path in found_nodes if path not in wanted_nodes]
    for path in wanted_nodes.keys() & found_nodes.keys():
        one, other = dict(wanted_nodes[path]), dict(found_nodes[path])
        if "deadline" in one["message"]:
            one.pop("exitCode", None)
            other.pop("exitCode", None)
        if endless and one["phase"] == "Running":
            other |= {"phase": "Running", "message": one["message"]}
        lines += [
            f"{path}: {key}: wanted {one.get(key)!r}, found {other.get(key)!r}"
            for key in sorted(one.keys() | other.keys())
            if one.get(key) != other.get(key)
        ]
    return sorted(lines)


def _found(result: Any, printed: dict[str, bytes]) -> dict[str, Any]:
    paths = _Paths(result.name, result.status["nodes"])
    found: dict[str, Any] = {"phase": result.phase, "message": paths.plain(result.message)}
    outputs = _parameters(result.status.get("outputs"))
    if outputs:
        found["outputs"] = outputs
    found["nodes"] = [_describe(node, paths) for node in result.status["nodes"].values()]
    found["logs"] = {path: data.decode("utf-8", "replace") for path, data in sorted(printed.items()) if data}
    return found


class _Paths:
    """Names of nodes as the recorder makes them."""

    def __init__(self, workflow: str, nodes: dict[str, Any]) -> None:
        self.name, self.nodes = workflow, nodes
        self.owner: dict[str, str] = {}
        for node in nodes.values():
            for child in node.get("children", []):
                other = nodes.get(child)
                if other is None:
                    continue
                loop = node["type"] in ("Retry", "TaskGroup") and other["name"].startswith(node["name"] + "(")
                group = node["type"] == "StepGroup" and other["name"].startswith(node["name"] + ".")
                if loop or group:
                    self.owner[child] = node["id"]

    def path(self, key: str) -> str:
        node = self.nodes[key]
        owner = self.owner.get(key) or node.get("boundaryID")
        if not owner or owner not in self.nodes or owner == key:
            return str(node["displayName"])
        return f"{self.path(owner)}/{node['displayName']}"

    def plain(self, text: str) -> str:
        for key, node in sorted(self.nodes.items(), key=lambda item: -len(item[0])):
            pod = f"{self.name}-{node.get('templateName', '')}-{key.rsplit('-', 1)[-1]}"
            for generated in (pod, key):
                if generated != self.name:
                    text = re.sub(rf"\b{re.escape(generated)}\b", lambda _, key=key: self.path(key), text)
        return text


def _describe(node: dict[str, Any], paths: _Paths) -> dict[str, Any]:
    template = node.get("templateName") or (node.get("templateRef") or {}).get("template") or ""
    seen: dict[str, Any] = {
        "path": paths.path(node["id"]),
        "type": node["type"],
        "template": template,
        "phase": node["phase"],
        "message": paths.plain(node.get("message", "")),
    }
    outputs = node.get("outputs") or {}
    if "exitCode" in outputs:
        seen["exitCode"] = int(outputs["exitCode"])
    if _parameters(node.get("inputs")):
        seen["inputs"] = _parameters(node["inputs"])
    kept: dict[str, Any] = {}
    if _parameters(outputs):
        kept["parameters"] = _parameters(outputs)
    if "result" in outputs:
        kept["result"] = outputs["result"]
    if kept:
        seen["outputs"] = kept
    if node.get("memoizationStatus"):
        seen["cacheHit"] = node["memoizationStatus"]["hit"]
    return seen


def _parameters(part: dict[str, Any] | None) -> dict[str, Any]:
    return {p["name"]: p.get("value") for p in (part or {}).get("parameters", [])}


def _documents(file: Path) -> list[Any]:
    return load(file) if file.exists() else []


def _json(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}
