"""`parallelism` and a template's `failFast`: whether one more node may start."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from argolane.workflow.local.reconciler.errors import ParallelismReached
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import Operation
from argolane.workflow.local.reconciler.template.lookup import type_of

Count = Callable[[Operation, str], int]

_FAILED = "template has failed or errored children and failFast enabled"


def check_parallelism(
    op: Operation, template: Mapping[str, Any], node: Node | None, boundary_id: str
) -> None:
    """ParallelismReached when the workflow, the template or its caller runs enough already."""
    whole = op.spec.get("parallelism")
    if whole is not None and op.active_pods >= whole:
        raise ParallelismReached
    if node is not None and type_of(template) in ("dag", "steps"):
        _check(op, template, node, count_active_pods)
    if boundary_id and (node is None or node.phase not in ("Pending", "Running")):
        boundary = op.nodes.of(boundary_id)
        source = op.boundary_template(boundary_id)
        if source is not None:
            _check(op, source, boundary, _count_active_children)


def count_active_pods(op: Operation, boundary_id: str = "") -> int:
    """Pods below a node, or of the whole run."""
    return sum(
        node.type == "Pod"
        and (not boundary_id or node.boundary_id == boundary_id)
        and node.phase in ("Pending", "Running")
        and not node.waiting_for
        and op.ports.pod_exists(node.id)
        for node in op.nodes
    )


def _count_active_children(op: Operation, boundary_id: str) -> int:
    return sum(node.phase in ("Pending", "Running") for node in _children(op, boundary_id))


def _any_unsuccessful(op: Operation, boundary_id: str) -> bool:
    return any(node.unsuccessful for node in _children(op, boundary_id))


def _children(op: Operation, boundary_id: str) -> Iterator[Node]:
    kinds = ("Pod", "Steps", "DAG")
    return (node for node in op.nodes if node.boundary_id == boundary_id and node.type in kinds)


def _check(op: Operation, template: Mapping[str, Any], node: Node, count: Count) -> None:
    if template.get("failFast") and _any_unsuccessful(op, node.id):
        if not count_active_pods(op, node.id):
            if type_of(template) == "steps":
                group = _last_group(op, node)
                if group is not None:
                    op.mark(group, "Failed", _FAILED)
            op.mark(node, "Failed", _FAILED)
            op.wake(op.ports.now())  # Its callers have passed it already.
        raise ParallelismReached
    allowed = template.get("parallelism")
    if allowed and count(op, node.id) >= allowed:
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
