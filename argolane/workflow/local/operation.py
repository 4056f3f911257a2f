"""One run's nodes and settings in, decisions out: what to start, what is over, what waits until when.

This is Argo's reconciler: each pass walks the templates from the entrypoint down and looks at the nodes that
exist. It starts nothing itself: pods, locks, clocks and stored values come in as `Ports`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from argolane.workflow.local.nodes import Node, NodeTree
from argolane.workflow.local.templates import Base, Templates

MAX_DEPTH = 100


@dataclass(frozen=True)
class PodOrder:
    """A pod to start: everything that the template says is filled in."""

    node_id: str
    node_name: str
    template: Mapping[str, Any]
    keep_result: bool
    on_exit: bool
    deadline: float | None
    active_seconds: float | None = None
    volumes: tuple[Mapping[str, Any], ...] = ()


@dataclass
class Options:
    """How a template is executed: below which node, as part of an exit handler, until when, as what."""

    boundary_id: str = ""
    on_exit: bool = False
    deadline: float | None = None
    hooked: bool = False
    retried: bool = False
    kind: str = "step"


class Locks(Protocol):
    """Mutexes and semaphores shared by every run of the project."""

    def try_acquire(self, holder: str, synchronization: Mapping[str, Any]) -> tuple[bool, str, str]:
        """(acquired, the lock that is missing, the message while waiting)."""

    def release(self, holder: str) -> None: ...


class Memory(Protocol):
    """Memoized outputs."""

    def load(self, cache: str, key: str) -> Mapping[str, Any] | None: ...

    def save(self, cache: str, key: str, node_id: str, outputs: Mapping[str, Any] | None) -> None: ...


@dataclass
class Ports:
    """What the reconciler needs from outside."""

    now: Callable[[], float]
    start_pod: Callable[[PodOrder], None]
    pod_exists: Callable[[str], bool]
    config_map: Callable[[str, str], str]
    locks: Locks
    memory: Memory
    answers: Callable[[Node], Mapping[str, Any] | None] = lambda node: None
    replayed: Callable[[str], bool] = lambda node_id: False


@dataclass
class Operation:
    """The state of one run between and during passes."""

    name: str
    namespace: str
    spec: dict[str, Any]
    templates: Templates
    nodes: NodeTree
    ports: Ports
    globals: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    shutdown: str = ""
    deadline: float | None = None
    depth: int = 0
    active_pods: int = 0
    wake_at: float | None = None
    waits: dict[str, str] = field(default_factory=dict)
    globals_version: int = 0
    processed: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    fragments: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, Any] = field(default_factory=dict)
    expanded: dict[str, list[Any]] = field(default_factory=dict)
    referenced: dict[int, tuple[Any, frozenset[str]]] = field(default_factory=dict)
    volumes: list[dict[str, Any]] = field(default_factory=list)

    def set_global(self, name: str, value: str) -> None:
        if self.globals.get(name) != value:
            self.globals[name] = value
            self.globals_version += 1

    def begin_pass(self) -> None:
        self.wake_at = None
        self.waits.clear()
        self.depth = 0
        self.volumes = list(self.spec.get("volumes") or ())
        if self.spec.get("parallelism") is not None:
            self.active_pods = self.count_active_pods("")

    def wake(self, at: float) -> None:
        """Ask for another pass at a time, at the latest."""
        self.wake_at = at if self.wake_at is None else min(at, self.wake_at)

    def stops(self, *, on_exit: bool) -> bool:
        """Whether nothing new may start: Terminate stops all, Stop all but exit handlers."""
        return self.shutdown == "Terminate" or (self.shutdown == "Stop" and not on_exit)

    @property
    def deadline_passed(self) -> bool:
        return self.deadline is not None and self.ports.now() > self.deadline

    def boundary_template(self, boundary_id: str) -> Mapping[str, Any] | None:
        node = self.nodes.get(boundary_id)
        return self.node_template(node) if node is not None else None

    def node_template(self, node: Node) -> Mapping[str, Any] | None:
        """The template a node was made from, as written."""
        return self._sources.get(node.id)

    def __post_init__(self) -> None:
        self._sources: dict[str, Mapping[str, Any]] = {}

    def remember_source(self, node_id: str, template: Mapping[str, Any]) -> None:
        self._sources.setdefault(node_id, template)

    def initialize(
        self,
        name: str,
        kind: str,
        holder: Mapping[str, Any],
        base: Base,
        phase: str,
        options: Options,
        message: str = "",
        template: Mapping[str, Any] | None = None,
    ) -> Node:
        """A new node; with `template` its inputs are kept."""
        now = self.ports.now()
        node = Node(
            id=self.nodes.id_of(name),
            name=name,
            display_name=self.nodes.display_name(name, options.boundary_id),
            type=kind,
            template_name=str(holder.get("template") or ""),
            phase=phase,
            boundary_id=options.boundary_id,
            template_scope=base.scope,
            template_ref=holder.get("templateRef"),
            message=message,
            started_at=now,
            hooked=options.hooked,
            retried=options.retried,
        )
        if node.fulfilled:
            node.finished_at = now
        if template is not None:
            inputs = {k: v for k, v in (template.get("inputs") or {}).items() if v}
            node.inputs = inputs or None
            memoize = template.get("memoize")
            if memoize:
                node.memoization = {
                    "hit": False,
                    "key": memoize.get("key", ""),
                    "cacheName": ((memoize.get("cache") or {}).get("configMap") or {}).get("name", ""),
                }
        return self.nodes.add(node)

    def mark(self, node: Node, phase: str, message: str | None = None) -> Node:
        if node.phase != phase or (message is not None and node.message != message):
            self.nodes.changed(node)
        node.phase = phase
        if message is not None:
            node.message = message
        if node.fulfilled and node.finished_at is None:
            node.finished_at = self.ports.now()
        return node

    def mark_error(self, node: Node, error: object) -> Node:
        return self.mark(node, "Error", str(error))

    def error_node(
        self, name: str, holder: Mapping[str, Any], base: Base, options: Options, error: object
    ) -> Node:
        """The node marked as in Error, made as a Skipped one if there is none yet."""
        node = self.nodes.named(name)
        if node is not None:
            return self.mark_error(node, error)
        return self.initialize(name, "Skipped", holder, base, "Error", options, str(error))

    def last_attempt(self, node: Node) -> Node | None:
        """The last attempt of a Retry node, whose outputs are read for the node's; none of a retried hook."""
        if node.type != "Retry" or (node.memoization and node.memoization.get("hit")):
            return None
        plain = [attempt for attempt in self.attempts(node) if not attempt.hooked]
        return plain[-1] if plain else None

    def attempts(self, node: Node) -> list[Node]:
        children = [self.nodes.get(child) for child in node.children]
        return [child for child in children if child is not None and child.retried]

    def children_fulfilled(self, node: Node, seen: dict[str, bool] | None = None) -> bool:
        seen = {} if seen is None else seen
        if node.id not in seen:
            seen[node.id] = True
            children = [child for key in node.children if (child := self.nodes.get(key)) is not None]
            if not node.children:
                seen[node.id] = node.fulfilled
            else:
                seen[node.id] = all(self.children_fulfilled(child, seen) for child in children)
        return seen[node.id]

    def outbound(self, node: Node) -> list[str]:
        """The nodes that stand at the end of a node's branch: what follows it becomes their child."""
        if node.type in ("Skipped", "Suspend", "Pod"):
            return [node.id]
        if node.type == "TaskGroup":
            if not node.children:
                return [node.id]
            return [end for child in node.children for end in self._outbound_of(child)]
        if node.type == "Retry" and node.children:
            return [node.children[-1]]
        if node.type in ("Steps", "DAG") and node.memoization and node.memoization.get("hit"):
            return [node.id]
        return [end for child in node.outbound for end in self._outbound_of(child)]

    def _outbound_of(self, node_id: str) -> list[str]:
        node = self.nodes.get(node_id)
        return self.outbound(node) if node is not None else []

    def count_active_pods(self, boundary_id: str) -> int:
        return sum(
            node.type == "Pod"
            and (not boundary_id or node.boundary_id == boundary_id)
            and node.phase in ("Pending", "Running")
            and not node.waiting_for
            and self.ports.pod_exists(node.id)
            for node in self.nodes
        )

    def count_active_children(self, boundary_id: str) -> int:
        return sum(
            node.boundary_id == boundary_id
            and node.type in ("Pod", "Steps", "DAG")
            and node.phase in ("Pending", "Running")
            for node in self.nodes
        )

    def count_unsuccessful(self, boundary_id: str) -> int:
        return sum(
            node.boundary_id == boundary_id and node.type in ("Pod", "Steps", "DAG") and node.unsuccessful
            for node in self.nodes
        )

    def export(self, outputs: Mapping[str, Any] | None) -> None:
        """Outputs with a globalName become the workflow's own."""
        for parameter in (outputs or {}).get("parameters") or ():
            name = parameter.get("globalName")
            if not name:
                continue
            if parameter.get("value") is not None:
                self.set_global(f"workflow.outputs.parameters.{name}", parameter["value"])
            _put(self.outputs.setdefault("parameters", []), {"name": name, "value": parameter.get("value")})
        for artifact in (outputs or {}).get("artifacts") or ():
            name = artifact.get("globalName")
            if name:
                dropped = ("name", "globalName", "path")
                plain = {key: value for key, value in artifact.items() if key not in dropped}
                _put(self.outputs.setdefault("artifacts", []), {"name": name, **plain})


def _put(entries: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    for known in entries:
        if known["name"] == entry["name"]:
            if entry.get("value", entry) is not None:
                known.update(entry)
            return
    entries.append(entry)
