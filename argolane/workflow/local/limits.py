"""`parallelism` and a template's `failFast`: whether one more node may start."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.errors import ParallelismReached
from argolane.workflow.local.nodes import Node
from argolane.workflow.local.operation import Operation
from argolane.workflow.local.templates import type_of

_FAILED = "template has failed or errored children and failFast enabled"


def check_parallelism(
    op: Operation, template: Mapping[str, Any], node: Node | None, boundary_id: str
) -> None:
    """ParallelismReached when the workflow, the template or its caller runs enough already."""
    whole = op.spec.get("parallelism")
    if whole is not None and op.active_pods >= whole:
        raise ParallelismReached
    if node is not None and type_of(template) in ("dag", "steps"):
        _check(op, template, node, op.count_active_pods)
    if boundary_id and (node is None or node.phase not in ("Pending", "Running")):
        boundary = op.nodes.of(boundary_id)
        source = op.boundary_template(boundary_id)
        if source is not None:
            _check(op, source, boundary, op.count_active_children)


def _check(op: Operation, template: Mapping[str, Any], node: Node, count: Any) -> None:
    if template.get("failFast") and op.count_unsuccessful(node.id):
        if not op.count_active_pods(node.id):
            if type_of(template) == "steps":
                group = _last_group(op, node)
                if group is not None:
                    op.mark(group, "Failed", _FAILED)
            op.mark(node, "Failed", _FAILED)
            op.wake(op.ports.now())  # Its callers have passed it already.
        raise ParallelismReached
    allowed = template.get("parallelism")
    if allowed and count(node.id) >= allowed:
        raise ParallelismReached


def _last_group(op: Operation, node: Node) -> Node | None:
    found = None
    waiting = [node.id]
    seen = set()
    while waiting:
        current = op.nodes.get(waiting.pop())
        if current is None or current.id in seen:
            continue
        seen.add(current.id)
        if current.type == "StepGroup" and current.boundary_id == node.id:
            found = current if found is None or current.name > found.name else found
        waiting.extend(current.children)
    return found
