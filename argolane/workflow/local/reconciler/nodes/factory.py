"""A call in, the new node for it out: with its name, its inputs and its phase to begin with."""

from collections.abc import Callable, Mapping
from typing import Any

from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.nodes.tree import NodeTree


class NodeFactory:
    """Makes nodes and adds them to the tree."""

    def __init__(self, nodes: NodeTree, now: Callable[[], float]) -> None:
        self._nodes, self._now = nodes, now

    def begin(self, call: Call, kind: str, template: Mapping[str, Any]) -> Node:
        """The node of a template that holds others, Running; made if there is none yet."""
        node = self._nodes.named(call.name)
        if node is None:
            return self.initialize(call, kind, "Running", template=template)
        if node.phase == "Pending" and node.type == kind:
            self._nodes.mark(node, "Running")
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
        now = self._now()
        node = Node(
            id=self._nodes.id_of(call.name),
            name=call.name,
            display_name=self._nodes.display_name(call.name, call.boundary_id),
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
        return self._nodes.add(node)

    def error_node(self, call: Call, error: object) -> Node:
        """The node marked as in Error, made as a Skipped one if there is none yet."""
        node = self._nodes.named(call.name)
        if node is not None:
            return self._nodes.mark_error(node, error)
        return self.initialize(call, "Skipped", "Error", str(error))
