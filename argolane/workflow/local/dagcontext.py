"""One pass over one DAG: its nodes, and what each of its tasks may read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from argolane.workflow.local import aggregates
from argolane.workflow.local.dagplan import Plan
from argolane.workflow.local.errors import OperationError
from argolane.workflow.local.nodes import Node
from argolane.workflow.local.operation import Operation, Options
from argolane.workflow.local.scope import Scope
from argolane.workflow.local.templates import Base


@dataclass
class Context:
    """One pass over one DAG."""

    op: Operation
    node: Node
    template: Mapping[str, Any]
    plan: Plan
    inner: Base
    options: Options
    visited: set[str] = field(default_factory=set)

    def task_node(self, task: str) -> Node | None:
        return self.op.nodes.named(f"{self.node.name}.{task}")

    def below(self, **other: Any) -> Options:
        return Options(boundary_id=self.node.id, on_exit=self.options.on_exit, kind="task", **other)


def scope_of(context: Context, name: str) -> Scope:
    """What a task may read: everything above it."""
    scope = Scope(context.template)
    scope.add_outputs("workflow", context.op.outputs)
    for ancestor in context.plan.ancestors[name]:
        node = context.task_node(ancestor)
        if node is None:
            raise OperationError(f"Ancestor task node {ancestor} not found")
        known = context.op.fragments.get(node.id)
        if known is None:
            fragment = Scope()
            add_outputs(context, fragment, ancestor, node)
            known = fragment.values
            if node.fulfilled:
                context.op.fragments[node.id] = known
        scope.values.update(known)
    return scope


def add_outputs(context: Context, scope: Scope, name: str, node: Node) -> None:
    prefix = f"tasks.{name}"
    if node.type == "TaskGroup":
        members = [context.op.nodes.of(child) for child in node.children]
        aggregates.check_template([node])
        aggregates.add(scope, prefix, members)
    scope.add_node(prefix, node, context.op.last_attempt(node))
    if node.outputs is None and node.phase in ("Skipped", "Omitted"):
        try:
            template = context.op.templates.find(context.plan.tasks[name], context.inner)[0]
        except OperationError:
            return
        scope.add_skipped(prefix, template, artifacts=False)
