"""The nodes of one run by name and id, and how they hang together, names and ids made Argo's way.

The reconciler reads and writes this tree; the record writes it out; workflow/run/tree.py draws it.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from argolane.workflow.local.reconciler.nodes.naming import fnv32a
from argolane.workflow.local.reconciler.nodes.node import Node

_SEPARATOR = re.compile(r"^(\[\d+\])?\.")
_RESERVED_NAME = re.compile(r"\.onExit$")


class NodeTree:
    """All nodes of a run by id, in the order they came to be."""

    def __init__(self, workflow: str, now: Callable[[], float]) -> None:
        self.workflow, self._now = workflow, now
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

    def mark(self, node: Node, phase: str, message: str | None = None) -> Node:
        """The node in a phase, and with a message if one is given; over since now if it is."""
        if node.phase != phase or (message is not None and node.message != message):
            self.changed(node)
        node.phase = phase
        if message is not None:
            node.message = message
        if node.fulfilled and node.finished_at is None:
            node.finished_at = self._now()
        return node

    def mark_error(self, node: Node, error: object) -> Node:
        return self.mark(node, "Error", str(error))

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

    def children(self, node: Node) -> list[Node]:
        """Those that exist by now."""
        found = (self._nodes.get(child) for child in node.children)
        return [child for child in found if child is not None]

    def attempts(self, node: Node) -> list[Node]:
        return [child for child in self.children(node) if child.retried]

    def last_attempt(self, node: Node) -> Node | None:
        """The last attempt of a Retry node, whose outputs are read for the node's; none of a retried hook."""
        if node.type != "Retry" or node.recalled:
            return None
        plain = [attempt for attempt in self.attempts(node) if not attempt.hooked]
        return plain[-1] if plain else None

    def all_over(self, node: Node, seen: dict[str, bool] | None = None) -> bool:
        """Whether everything at the end of a node's branches is fulfilled."""
        seen = {} if seen is None else seen
        if node.id not in seen:
            seen[node.id] = True
            if not node.children:
                seen[node.id] = node.fulfilled
            else:
                seen[node.id] = all(self.all_over(child, seen) for child in self.children(node))
        return seen[node.id]

    def outbound(self, node: Node) -> list[str]:
        """The nodes that stand at the end of a node's branch: what follows it becomes their child."""
        if node.type in ("Skipped", "Suspend", "Pod", "HTTP"):
            return [node.id]
        if node.type == "Retry" and node.children:
            return [node.children[-1]]
        if node.type == "TaskGroup":
            return self.outbound_of(node.children) if node.children else [node.id]
        if node.type in ("Steps", "DAG") and node.recalled:
            return [node.id]
        return self.outbound_of(node.outbound)

    def outbound_of(self, ids: Iterable[str]) -> list[str]:
        """The ends of several branches."""
        nodes = (self._nodes.get(node_id) for node_id in ids)
        return [end for node in nodes if node is not None for end in self.outbound(node)]

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
