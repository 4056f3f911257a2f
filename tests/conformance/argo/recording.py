"""A recorded case in; its files, and how what another runner did with it differs, out.

Both replays use it: harness.py in the local engine, tests/cluster/recorded_cases.py on a real controller.
What is compared, and how a node's path is made, is said in README.md beside this file.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

CASES = Path(__file__).with_name("cases")


@dataclass(frozen=True)
class Case:
    name: str

    def file(self, name: str) -> Path:
        return CASES / self.name / name

    @property
    def workflow(self) -> Path:
        return self.file("workflow.yaml")

    @property
    def parameters(self) -> dict[str, str]:
        return self._json("params.json")

    @property
    def entrypoint(self) -> str | None:
        return self._json("submit.json").get("entrypoint")

    @property
    def stop_after(self) -> float | None:
        """Seconds after which a workflow that never ends was looked at."""
        return self._json("submit.json").get("stop_after")

    @cached_property
    def expected(self) -> dict[str, Any]:
        return self._json("expected.json")

    def _json(self, name: str) -> dict[str, Any]:
        file = self.file(name)
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def names() -> list[str]:
    return sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


class Paths:
    """Names of nodes as the recorder makes them."""

    def __init__(self, workflow: str, nodes: Mapping[str, Any]) -> None:
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
        """Text with paths where it names nodes or their pods."""
        for key, node in sorted(self.nodes.items(), key=lambda item: -len(item[0])):
            pod = f"{self.name}-{node.get('templateName', '')}-{key.rsplit('-', 1)[-1]}"
            for generated in (pod, key):
                if generated != self.name:
                    text = re.sub(rf"\b{re.escape(generated)}\b", lambda _, key=key: self.path(key), text)
        return text


def observed(workflow: str, status: Mapping[str, Any], logs: Mapping[str, str]) -> dict[str, Any]:
    """A `.status` and main's stdout by path, in the shape of expected.json."""
    nodes = status.get("nodes") or {}
    paths = Paths(workflow, nodes)
    found: dict[str, Any] = {"phase": status.get("phase"), "message": paths.plain(status.get("message", ""))}
    outputs = _parameters(status.get("outputs"))
    if outputs:
        found["outputs"] = outputs
    found["nodes"] = [_describe(node, paths) for node in nodes.values()]
    found["logs"] = {path: text for path, text in logs.items() if text}
    return found


def compare(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """One line a difference."""
    lines = [
        f"{key}: wanted {wanted.get(key)!r}, found {found.get(key)!r}"
        for key in ("phase", "message", "outputs", "logs")
        if wanted.get(key) != found.get(key)
    ]
    wanted_nodes = {node["path"]: node for node in wanted["nodes"]}
    found_nodes = {node["path"]: node for node in found["nodes"]}
    lines += [f"missing node {path}" for path in wanted_nodes if path not in found_nodes]
    lines += [f"extra node {path}" for path in found_nodes if path not in wanted_nodes]
    for path in wanted_nodes.keys() & found_nodes.keys():
        one, other = _without_addresses(wanted_nodes[path]), _without_addresses(found_nodes[path])
        if "deadline" in one["message"]:
            one.pop("exitCode", None)
            other.pop("exitCode", None)
        lines += [
            f"{path}: {key}: wanted {one.get(key)!r}, found {other.get(key)!r}"
            for key in sorted(one.keys() | other.keys())
            if one.get(key) != other.get(key)
        ]
    return sorted(lines)


def _without_addresses(node: Mapping[str, Any]) -> dict[str, Any]:
    """A pod's own address is another each time."""
    return dict(json.loads(re.sub(r"\b\d+\.\d+\.\d+\.\d+\b", "IP", json.dumps(node))))


def compare_refusal(wanted: Mapping[str, Any], found: str | None) -> list[str]:
    """Of `submit_error` alone."""
    recorded = wanted["submit_error"]
    return [] if recorded == found else [f"submit_error: wanted {recorded!r}, found {found!r}"]


def _describe(node: Mapping[str, Any], paths: Paths) -> dict[str, Any]:
    template = node.get("templateName") or (node.get("templateRef") or {}).get("template") or ""
    seen: dict[str, Any] = {
        "path": paths.path(node["id"]),
        "type": node["type"],
        "template": template,
        "phase": node.get("phase", ""),
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


def _parameters(part: Mapping[str, Any] | None) -> dict[str, Any]:
    return {p["name"]: p.get("value") for p in (part or {}).get("parameters", [])}
