"""A finished run and what was heard of it in, what a test asserts on out: nodes, order, reasons."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from argolane.errors import ArgolaneError, unknown
from argolane.workflow.run.events import Event, NodeChanged
from argolane.workflow.run.record import safe
from argolane.workflow.run.result import Run

_SKIPPED = ("Skipped", "Omitted")
_STARTED = ("Pod", "Suspend")


@dataclass(frozen=True)
class Node:
    """One node; `attempts` are those of a task that may be tried again, in order."""

    name: str
    path: str
    type: str
    phase: str
    message: str
    template: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    exit_code: int | None
    log: str = field(repr=False)
    attempts: tuple["Node", ...] = ()


class Heard:
    """What the observer of a run was told: every node's path, and the order in which they started."""

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self.started: dict[str, None] = {}
        self.nodes: dict[str, dict[str, Any]] = {}

    def __call__(self, event: Event) -> None:
        if not isinstance(event, NodeChanged):
            return
        node, node_id = event.node, str(event.node["id"])
        self.paths[node_id], self.nodes[node_id] = event.path, node
        # The moment that the engine orders a pod: what becomes ready together starts in the manifest's order.
        waits = "synchronizationStatus" in node or (node.get("memoizationStatus") or {}).get("hit")
        if node["type"] in _STARTED and not waits:
            self.started.setdefault(node_id)

    def unfinished(self) -> list[str]:
        return [
            f"{self.paths[node_id]} ({node['type']}, {node['phase']})"
            for node_id, node in self.nodes.items()
            if node["type"] in _STARTED and node["phase"] in ("Pending", "Running")
        ]


@dataclass(frozen=True)
class Outcome:
    """A run that is over; `run["gate"]` is a node by its name, or by its path if several have that name."""

    run: Run
    heard: Heard = field(repr=False)
    volumes: Path = field(repr=False)

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def phase(self) -> str:
        return self.run.phase

    @property
    def message(self) -> str:
        return self.run.message

    @property
    def outputs(self) -> dict[str, str]:
        """The workflow's own: output parameters that have a globalName."""
        return _values(self.run.status.get("outputs"))

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Every node by name, in the order they came to be; by path where a name is not its own."""
        return {name: self._node(node_id) for node_id, name in self._names.items()}

    def __getitem__(self, name: str) -> Node:
        if name in self.nodes:
            return self.nodes[name]
        found = [node for node in self.nodes.values() if name in (node.path, node.name)]
        if len(found) == 1:
            return found[0]
        if found:
            paths = ", ".join(repr(node.path) for node in found)
            raise ArgolaneError(f"Run {self.name!r}: {len(found)} nodes are named {name!r}: {paths}.")
        raise ArgolaneError(unknown("node", name, self.nodes, where=f"Run {self.name!r}: "))

    @property
    def order(self) -> list[str]:
        """Names of the tasks that started, in order; each once, however many attempts it had."""
        owners = {
            child: node_id
            for node_id, node in self._status.items()
            if node["type"] == "Retry"
            for child in node.get("children") or ()
        }
        started = (owners.get(node_id, node_id) for node_id in self.heard.started)
        return [self._names[node_id] for node_id in dict.fromkeys(started)]

    @property
    def skipped(self) -> dict[str, str]:
        """Why each task that is Skipped or Omitted did not run, in the engine's words."""
        return {name: node.message for name, node in self.nodes.items() if node.phase in _SKIPPED}

    def volume(self, claim: str) -> Path:
        """The folder behind a persistent volume claim."""
        return self.volumes / claim

    @property
    def tree(self) -> str:
        """The run as `argolane get` draws it."""
        from rich.console import Console

        from argolane.workflow.run.tree import draw

        paper = io.StringIO()
        Console(file=paper, width=110, no_color=True).print(draw(self.run.status, self.name))
        return paper.getvalue()

    @property
    def _status(self) -> Mapping[str, dict[str, Any]]:
        return self.run.status.get("nodes") or {}

    @cached_property
    def _names(self) -> dict[str, str]:
        """Node ids to the shortest text that means one node only."""
        short = {node_id: self._short(node) for node_id, node in self._status.items()}
        taken = list(short.values())
        return {
            node_id: name if taken.count(name) == 1 else self._path(node_id)
            for node_id, name in short.items()
        }

    def _short(self, node: Mapping[str, Any]) -> str:
        return str(node["displayName"]).removeprefix(f"{self.name}.")

    def _path(self, node_id: str) -> str:
        """Below the workflow itself."""
        return self.heard.paths[node_id].removeprefix(f"{self.name}/")

    def _node(self, node_id: str) -> Node:
        node = self._status[node_id]
        retried = node["type"] == "Retry"
        children = [child for child in node.get("children") or () if child in self._status]
        attempts = tuple(
            self._node(child)
            for child in children
            if retried and not (self._status[child].get("nodeFlag") or {}).get("hooked")
        )
        code = (node.get("outputs") or {}).get("exitCode")
        return Node(
            name=self._short(node),
            path=self._path(node_id),
            type=str(node["type"]),
            phase=str(node["phase"]),
            message=str(node.get("message") or ""),
            template=str(node.get("templateName") or ""),
            inputs=_values(node.get("inputs")),
            outputs=_values(node.get("outputs")),
            exit_code=None if code is None else int(code),
            log="".join(attempt.log for attempt in attempts) or "".join(self._log(node_id)),
            attempts=attempts,
        )

    def _log(self, node_id: str) -> Iterator[str]:
        if self.run.folder is not None:
            file = self.run.folder / "logs" / f"{safe(self.heard.paths[node_id])}.txt"
            if file.is_file():
                yield file.read_text(encoding="utf-8", errors="replace")


def _values(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Parameters with a value; a script's result is among the outputs."""
    found = {
        str(parameter["name"]): str(parameter["value"])
        for parameter in (given or {}).get("parameters") or ()
        if parameter.get("value") is not None
    }
    return {**found, "result": str(given["result"])} if given and "result" in given else found
