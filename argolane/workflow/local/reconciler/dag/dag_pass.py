"""One pass over one DAG: its nodes, and what each of its tasks may read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.dag.plan import Plan, Task
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow import aggregates
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.hooks import Hooks
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.lookup import TemplateSource


@dataclass
class DagPass:
    """One pass over one DAG."""

    run: RunState
    node: Node
    template: Mapping[str, Any]
    plan: Plan
    inner: TemplateSource
    on_exit: bool
    visited: set[str] = field(default_factory=set)

    def task_node(self, name: str) -> Node | None:
        return self.run.nodes.named(f"{self.node.name}.{name}")

    def call(self, name: str, task: Task) -> Call:
        """What the node of a task, or of a member of its loop, is made from."""
        return Call(
            f"{self.node.name}.{name}", task, self.inner, task.get("arguments"),
            boundary_id=self.node.id, on_exit=self.on_exit, kind="task",
        )  # fmt: skip

    def hooks(self, name: str, node: Node) -> Hooks:
        """The hooks of a task around its node, or that of a member of its loop."""
        scope, prefix = self.scope_of(name), f"tasks.{name}"
        scope.set(f"{prefix}.status", node.phase)
        return Hooks(self.run, self.plan.tasks[name], node, self.node.id, self.inner, prefix, scope)

    def scope_of(self, name: str) -> Scope:
        """What a task may read: everything above it."""
        scope = Scope(self.template)
        scope.add_outputs("workflow", self.run.outputs)
        for ancestor in self.plan.ancestors[name]:
            node = self.task_node(ancestor)
            if node is None:
                raise OperationError(f"Ancestor task node {ancestor} not found")
            scope.values.update(self.run.cache.outputs(node, partial(self._outputs_of, ancestor, node)))
        return scope

    def _outputs_of(self, name: str, node: Node) -> dict[str, Any]:
        scope = Scope()
        self.add_outputs(scope, name, node)
        return scope.values

    def add_outputs(self, scope: Scope, name: str, node: Node) -> None:
        """What a task's node says, under the task's name."""
        prefix = f"tasks.{name}"
        if node.type == "TaskGroup":
            aggregates.check_template([node])
            aggregates.add(scope, prefix, [self.run.nodes.of(child) for child in node.children])
        scope.add_node(prefix, node, self.run.nodes.last_attempt(node))
        if node.outputs is None and node.phase in ("Skipped", "Omitted"):
            try:
                template = self.run.templates.find(self.plan.tasks[name], self.inner)[0]
            except OperationError:
                return
            scope.add_skipped(prefix, template, artifacts=False)

    def connect(self, name: str, node_name: str, group: Node | None = None) -> None:
        """Hang a task's node under its loop's, or under the ends of what the task waited for."""
        nodes = self.run.nodes
        if group is not None:
            nodes.link(group.name, node_name)
            return
        waited_for = self.plan.waits_for(name)
        if not waited_for:
            nodes.link(self.node.name, node_name)
        for up in waited_for:
            before = self.task_node(up)
            for end in nodes.outbound(before) if before is not None else ():
                nodes.link(nodes.of(end).name, node_name)

    def end(self, name: str, phase: str, message: str) -> None:
        """The node of a task that never starts."""
        call = self.call(name, self.plan.tasks[name])
        self.run.factory.initialize(call, "Skipped", phase, message)
        self.connect(name, call.name)
