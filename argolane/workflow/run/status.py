"""The nodes and the state of a run in, Argo's `.status` out: text that is cheap to write often."""

import json
from collections.abc import Mapping
from typing import Any

ENDED = ("Succeeded", "Failed", "Error")


class Status:
    """`.status` with each node's JSON kept until the node changes."""

    def __init__(self) -> None:
        self.head: dict[str, Any] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self._texts: dict[str, str] = {}

    def put(self, node: dict[str, Any]) -> None:
        self.nodes[node["id"]] = node
        self._texts[node["id"]] = json.dumps(node, ensure_ascii=False)

    def to_dict(self) -> dict[str, Any]:
        return {**self.head, "progress": self.progress(), "nodes": dict(self.nodes)}

    def text(self) -> str:
        """One node a line."""
        lines = [f" {json.dumps(key)}: {text}" for key, text in self._texts.items()]
        head = json.dumps({**self.head, "progress": self.progress()}, ensure_ascii=False)
        return head[:-1] + ', "nodes": {\n' + ",\n".join(lines) + "\n}}\n"

    def progress(self) -> str:
        """`2/3`: pods that succeeded of those there are."""
        pods = [node for node in self.nodes.values() if node["type"] == "Pod"]
        return f"{sum(node['phase'] == 'Succeeded' for node in pods)}/{len(pods)}"


def is_over(status: Mapping[str, Any]) -> bool:
    return status.get("phase") in ENDED
