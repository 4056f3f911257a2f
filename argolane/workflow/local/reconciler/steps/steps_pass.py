"""One pass over one Steps template: its node, and what its steps may read so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.hooks import Hooks
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.lookup import TemplateSource

Step = Mapping[str, Any]


@dataclass(frozen=True)
class StepsPass:
    """One pass over one Steps template; `scope` grows with each group that is over."""

    run: RunState
    node: Node
    inner: TemplateSource
    scope: Scope
    on_exit: bool

    def call(self, group: Node, step: Step) -> Call:
        """What the node of a step, or of a member of its loop, is made from."""
        return Call(
            f"{group.name}.{step['name']}", step, self.inner, step.get("arguments"),
            boundary_id=self.node.id, on_exit=self.on_exit,
        )  # fmt: skip

    def hooks(self, step: Step, node: Node) -> Hooks:
        prefix = f"steps.{step.get('name', '')}"
        return Hooks(self.run, step, node, self.node.id, self.inner, prefix, self.scope)
