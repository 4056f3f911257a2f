"""One run's nodes and settings in, decisions out: what to start, what is over, what waits until when.

This is Argo's reconciler: each pass walks the templates from the entrypoint down and looks at the nodes that
exist. It starts nothing itself: pods, locks, clocks and stored values come in as `Ports`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.nodes.tree import NodeTree
from argolane.workflow.local.reconciler.ports import Ports
from argolane.workflow.local.reconciler.template.lookup import Templates

MAX_DEPTH = 100

ExecuteCall = Callable[["Operation", Call], Node | None]


@dataclass
class Operation:
    """The state of one run between and during passes."""

    name: str
    namespace: str
    spec: dict[str, Any]
    templates: Templates
    nodes: NodeTree
    ports: Ports
    # How a step, a task or a hook runs its template: calling.execute_call, which in turn runs steps.
    execute_call: ExecuteCall
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

    def begin(self, call: Call, kind: str, template: Mapping[str, Any]) -> Node:
        """The node of a template that holds others, Running; made if there is none yet."""
        node = self.nodes.named(call.name)
        if node is None:
            return self.initialize(call, kind, "Running", template=template)
        if node.phase == "Pending" and node.type == kind:
            self.mark(node, "Running")
        return node

    def initialize(
        self,
        call: Call,
        kind: str,
        phase: str,
        message: str = "",
        template: Mapping[str, Any] | None = None,
    ) -> Node:
        """A new node; with `template` its inputs are kept."""
        now = self.ports.now()
        node = Node(
            id=self.nodes.id_of(call.name),
            name=call.name,
            display_name=self.nodes.display_name(call.name, call.boundary_id),
            type=kind,
            template_name=str(call.holder.get("template") or ""),
            phase=phase,
            boundary_id=call.boundary_id,
            template_scope=call.base.scope,
            template_ref=call.holder.get("templateRef"),
            message=message,
            started_at=now,
            hooked=call.hooked,
            retried=call.retried,
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

    def error_node(self, call: Call, error: object) -> Node:
        """The node marked as in Error, made as a Skipped one if there is none yet."""
        node = self.nodes.named(call.name)
        if node is not None:
            return self.mark_error(node, error)
        return self.initialize(call, "Skipped", "Error", str(error))

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
