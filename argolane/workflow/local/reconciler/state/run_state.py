"""One run between its passes: what was submitted, what became of it so far, and the ways outside.

Pods, locks, clocks and stored values come in as `Ports`: nothing here starts anything itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.nodes.factory import NodeFactory
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.nodes.tree import NodeTree
from argolane.workflow.local.reconciler.ports import Ports
from argolane.workflow.local.reconciler.state.cache import Cache
from argolane.workflow.local.reconciler.state.settled import Settled
from argolane.workflow.local.reconciler.state.this_pass import Pass
from argolane.workflow.local.reconciler.state.variables import Variables
from argolane.workflow.local.reconciler.template.lookup import Templates

ExecuteCall = Callable[["RunState", Call], Node | None]


@dataclass
class RunState:
    """Given: the first seven. Grown: nodes, variables, outputs, what is settled. Made again: cache, pass."""

    name: str
    namespace: str
    spec: dict[str, Any]
    templates: Templates
    nodes: NodeTree
    ports: Ports
    # How a step, a task or a hook runs its template: calling.execute_call, which in turn runs steps.
    execute_call: ExecuteCall
    variables: Variables = field(default_factory=Variables)
    outputs: dict[str, Any] = field(default_factory=dict)
    shutdown: str = ""
    deadline: float | None = None
    settled: Settled = field(default_factory=Settled)
    this_pass: Pass = field(default_factory=Pass)
    cache: Cache = field(init=False)
    factory: NodeFactory = field(init=False)

    def __post_init__(self) -> None:
        self.cache = Cache(self.variables)
        self.factory = NodeFactory(self.nodes, self.ports.now)

    def begin_pass(self) -> None:
        self.this_pass = Pass(volumes=list(self.spec.get("volumes") or ()))

    def stops(self, *, on_exit: bool) -> bool:
        """Whether nothing new may start: Terminate stops all, Stop all but exit handlers."""
        return self.shutdown == "Terminate" or (self.shutdown == "Stop" and not on_exit)

    @property
    def deadline_passed(self) -> bool:
        return self.deadline is not None and self.ports.now() > self.deadline

    def export(self, outputs: Mapping[str, Any] | None) -> None:
        """Outputs with a globalName become the workflow's own."""
        for parameter in (outputs or {}).get("parameters") or ():
            name = parameter.get("globalName")
            if not name:
                continue
            if parameter.get("value") is not None:
                self.variables.set(f"workflow.outputs.parameters.{name}", parameter["value"])
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
