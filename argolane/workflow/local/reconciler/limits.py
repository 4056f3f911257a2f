"""Whether one more node may start: `parallelism`, a template's `failFast`, how deep calls may go."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from argolane.workflow.local.reconciler.errors import ParallelismReached
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.types import type_of

MAX_DEPTH = 100

Count = Callable[[RunState, str], int]

_FAILED = "template has failed or errored children and failFast enabled"


def check_parallelism(
    run: RunState, template: Mapping[str, Any], node: Node | None, boundary_id: str
) -> None:
    """ParallelismReached when the workflow, the template or its caller runs enough already."""
    whole = run.spec.get("parallelism")
    if whole is not None and run.this_pass.active_pods >= whole:
        raise ParallelismReached
    if node is not None and type_of(template) in ("dag", "steps"):
        _check(run, template, node, count_active_pods)
    if boundary_id and (node is None or node.phase not in ("Pending", "Running")):
        boundary = run.nodes.of(boundary_id)
        source = run.settled.template_of(boundary_id)
        if source is not None:
            _check(run, source, boundary, _count_active_children)


def count_active_pods(run: RunState, boundary_id: str = "") -> int:
    """Pods below a node, or of the whole run."""
    return sum(
        node.type == "Pod"
        and (not boundary_id or node.boundary_id == boundary_id)
        and node.phase in ("Pending", "Running")
        and not node.waiting_for
        and run.ports.pod_exists(node.id)
        for node in run.nodes
    )


def _count_active_children(run: RunState, boundary_id: str) -> int:
    return sum(node.phase in ("Pending", "Running") for node in _children(run, boundary_id))


def _any_unsuccessful(run: RunState, boundary_id: str) -> bool:
    return any(node.unsuccessful for node in _children(run, boundary_id))


def _children(run: RunState, boundary_id: str) -> Iterator[Node]:
    kinds = ("Pod", "Steps", "DAG")
    return (node for node in run.nodes if node.boundary_id == boundary_id and node.type in kinds)


def _check(run: RunState, template: Mapping[str, Any], node: Node, count: Count) -> None:
    if template.get("failFast") and _any_unsuccessful(run, node.id):
        if not count_active_pods(run, node.id):
            if type_of(template) == "steps":
                group = _last_group(run, node)
                if group is not None:
                    run.nodes.mark(group, "Failed", _FAILED)
            run.nodes.mark(node, "Failed", _FAILED)
            run.this_pass.wake(run.ports.now())  # Its callers have passed it already.
        raise ParallelismReached
    allowed = template.get("parallelism")
    if allowed and count(run, node.id) >= allowed:
        raise ParallelismReached


def _last_group(run: RunState, node: Node) -> Node | None:
    found = None
    waiting = [node.id]
    seen = set()
    while waiting:
        current = run.nodes.get(waiting.pop())
        if current is None or current.id in seen:
            continue
        seen.add(current.id)
        if current.type == "StepGroup" and current.boundary_id == node.id:
            found = current if found is None or current.name > found.name else found
        waiting.extend(current.children)
    return found
