"""The nodes of a DAG in, its phase out: leaves decide, an omitted one by what failed above it."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.reconciler.dag.plan import Plan
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.types import continues_on


def phase_of(run: RunState, node: Node, plan: Plan, template: Mapping[str, Any], *, stopped: bool) -> str:
    """Running, Succeeded, Failed or Error."""
    if stopped:
        return "Failed"
    phases = {run.nodes.id_of(f"{node.name}.{task}"): "" for task in plan.targets}
    if not _walk(run, node, phases):
        return "Running"
    fail_fast = template["dag"].get("failFast")
    fail_fast = True if fail_fast is None else bool(fail_fast)
    result = "Succeeded"
    for task in plan.targets:
        phase = phases[run.nodes.id_of(f"{node.name}.{task}")]
        if not phase:
            result = "Running"
            if not fail_fast:
                break
        elif phase in ("Failed", "Error"):
            if continues_on(plan.tasks[task], phase):
                continue
            result = phase
            if fail_fast:
                break
    return result


def _walk(run: RunState, boundary: Node, phases: dict[str, str]) -> bool:
    """Carry phases from the roots to the targets; False when a node is missing or not over."""
    queue = [(child, "Succeeded") for child in boundary.children]
    seen = set(queue)
    position = 0
    while position < len(queue):
        node_id, phase = queue[position]
        position += 1
        node = run.nodes.get(node_id)
        if node is None:
            return False
        if not node.fulfilled:
            closed = _closed_group(run, node)
            if closed is None:
                return False
            phase = closed
        elif node.completed:
            phase = node.phase
        if node_id in phases and phases[node_id] not in ("Failed", "Error"):
            phases[node_id] = phase
        for child in _children(run, node):
            if (child, phase) not in seen:
                seen.add((child, phase))
                queue.append((child, phase))
    return True


def _children(run: RunState, node: Node) -> list[str]:
    if node.type != "Retry":
        return node.children
    found = []
    for key in reversed(node.children):
        child = run.nodes.get(key)
        if child is not None:
            found.extend([child.id] if child.hooked else child.children)
    return found


def _closed_group(run: RunState, node: Node) -> str | None:
    """The phase of a loop whose members are all over though nobody has said so yet."""
    if node.type != "TaskGroup" or not node.children:
        return None
    phase = "Succeeded"
    for key in node.children:
        child = run.nodes.get(key)
        if child is None or not child.fulfilled:
            return None
        if child.unsuccessful:
            phase = child.phase
    run.nodes.mark(node, phase)
    return phase
