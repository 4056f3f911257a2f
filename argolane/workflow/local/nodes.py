"""The nodes of one run: what Argo keeps under `.status.nodes`, names and ids made its way.

The reconciler reads and writes this tree; the record writes it out; `argolane.workflow.tree` draws it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

COMPLETED = frozenset({"Succeeded", "Failed", "Error"})
FULFILLED = COMPLETED | {"Skipped", "Omitted"}
UNSUCCESSFUL = frozenset({"Failed", "Error"})
_SEPARATOR = re.compile(r"^(\[\d+\])?\.")
_RESERVED_NAME = re.compile(r"\.onExit$")


@dataclass(slots=True)
class Node:
    """One node; times are seconds since the epoch, inputs and outputs have Argo's shape."""

    id: str
    name: str
    display_name: str
    type: str
    template_name: str
    phase: str
    boundary_id: str = ""
    template_scope: str = ""
    template_ref: dict[str, Any] | None = None
    message: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    children: list[str] = field(default_factory=list)
    outbound: list[str] = field(default_factory=list)
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    hooked: bool = False
    retried: bool = False
    memoization: dict[str, Any] | None = None
    waiting_for: str = ""

    @property
    def fulfilled(self) -> bool:
        return self.phase in FULFILLED

    @property
    def completed(self) -> bool:
        return self.phase in COMPLETED

    @property
    def unsuccessful(self) -> bool:
        return self.phase in UNSUCCESSFUL

    @property
    def suspended(self) -> bool:
        return self.type == "Suspend" and self.phase == "Running"

    def to_dict(self) -> dict[str, Any]:
        """The node as Argo would write it."""
        plain: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "displayName": self.display_name,
            "type": self.type,
            "phase": self.phase,
        }
        optional = {
            "templateName": self.template_name,
            "templateRef": self.template_ref,
            "templateScope": self.template_scope,
            "boundaryID": self.boundary_id,
            "message": self.message,
            "startedAt": stamp(self.started_at),
            "finishedAt": stamp(self.finished_at),
            "children": self.children,
            "outboundNodes": self.outbound,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "memoizationStatus": self.memoization,
        }
        plain.update((key, value) for key, value in optional.items() if value)
        flags = {"hooked": self.hooked, "retried": self.retried}
        if any(flags.values()):
            plain["nodeFlag"] = {key: True for key, value in flags.items() if value}
        if self.waiting_for:
            plain["synchronizationStatus"] = {"waiting": self.waiting_for}
        return plain


class NodeTree:
    """All nodes of a run by id, in the order they came to be."""

    def __init__(self, workflow: str) -> None:
        self.workflow = workflow
        self._nodes: dict[str, Node] = {}
        self._ids: dict[str, str] = {}
        self.dirty: dict[str, None] = {}

    def __iter__(self) -> Iterator[Node]:
        return iter(list(self._nodes.values()))

    def __len__(self) -> int:
        return len(self._nodes)

    def id_of(self, name: str) -> str:
        """Argo's id of a node: the workflow's name, a dash and a hash of the node's name."""
        known = self._ids.get(name)
        if known is None:
            known = self.workflow if name == self.workflow else f"{self.workflow}-{fnv32a(name)}"
            self._ids[name] = known
        return known

    def named(self, name: str) -> Node | None:
        return self._nodes.get(self.id_of(name))

    def get(self, node_id: str) -> Node | None:
        return self._nodes.get(node_id)

    def of(self, node_id: str) -> Node:
        return self._nodes[node_id]

    def add(self, node: Node) -> Node:
        if node.id in self._nodes:
            raise RuntimeError(f"node {node.name} already initialized")
        self._nodes[node.id] = node
        self.dirty[node.id] = None
        return node

    def changed(self, node: Node) -> None:
        """Observers and the record have to hear of it."""
        self.dirty[node.id] = None

    def display_name(self, name: str, boundary_id: str) -> str:
        """The node's name without its boundary's: `wf[0].a` under `wf` is `a`."""
        boundary = self._nodes.get(boundary_id)
        if boundary is None:
            return name
        return _SEPARATOR.sub("", name.removeprefix(boundary.name))

    def link(self, parent: str, child: str) -> None:
        """Make one node another's child, by names; the child may not exist yet."""
        node = self.named(parent)
        child_id = self.id_of(child)
        if node is not None and child_id not in node.children:
            node.children.append(child_id)
            self.dirty[node.id] = None

    def in_exit_handler(self, node: Node) -> bool:
        current: Node | None = node
        while current is not None:
            if _RESERVED_NAME.search(current.display_name):
                return True
            current = self._nodes.get(current.boundary_id)
        return False

    def path(self, node: Node) -> str:
        """Display names from the root down to the node, attempts and loop members under their owner."""
        parts = [node.display_name]
        seen = {node.id}
        while (owner := self._owner(node)) is not None and owner.id not in seen:
            seen.add(owner.id)
            parts.append(owner.display_name)
            node = owner
        return "/".join(reversed(parts))

    def _owner(self, node: Node) -> Node | None:
        if node.name.endswith(")"):
            group = self.named(node.name[: _opening(node.name)])
            if group is not None and group.type in ("Retry", "TaskGroup"):
                return group
        boundary = self._nodes.get(node.boundary_id)
        if boundary is not None and boundary.type == "Steps" and node.type != "StepGroup" and not node.hooked:
            found = re.match(r"\[\d+\]", node.name.removeprefix(boundary.name))
            return self.named(boundary.name + found.group()) if found else boundary
        return boundary


def _opening(name: str) -> int:
    """Where the bracket that a name's last one closes was opened; descriptions never hold any."""
    return max(name.rfind("("), 0)


def fnv32a(text: str) -> int:
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def stamp(seconds: float | None) -> str | None:
    """`2026-01-02T03:04:05.678Z`."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=1024)
def rfc3339(seconds: float) -> str:
    """`2026-01-02T03:04:05Z`, as Argo's tags show times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
