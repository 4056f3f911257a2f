"""One pass over a whole run: entrypoint, hooks, exit handler, and the workflow's own phase."""

import json
from dataclasses import dataclass
from typing import Any

from argolane.languages.gotext import quote
from argolane.workflow.local.reconciler import hooks, memory
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.calling import execute_call
from argolane.workflow.local.reconciler.errors import (
    MaxDepthExceeded,
    OperationError,
    Postponed,
    TimeoutReached,
)
from argolane.workflow.local.reconciler.limits import count_active_pods
from argolane.workflow.local.reconciler.nodes.naming import pod_name
from argolane.workflow.local.reconciler.nodes.node import Node, stamp
from argolane.workflow.local.reconciler.state.run_state import Operation

# The words for a node that is still going on when the workflow's activeDeadlineSeconds are over.
STEP_PAST_DEADLINE = "Step exceeded its deadline"
_WORKFLOW_PHASES = {"Skipped": "Succeeded", "Omitted": "Succeeded"}


@dataclass(frozen=True)
class Verdict:
    """How the workflow ended."""

    phase: str
    message: str = ""


def reconcile(op: Operation) -> Verdict | None:
    """Start what can start; the verdict once everything is over, else None."""
    op.begin_pass()
    if op.spec.get("parallelism") is not None:
        op.active_pods = count_active_pods(op)
    _fail_what_cannot_start(op)
    entry = Call(
        op.name, {"template": op.spec.get("entrypoint")}, op.templates.local, op.spec.get("arguments")
    )
    try:
        node = execute_call(op, entry)
    except (OperationError, TimeoutReached, MaxDepthExceeded) as error:
        return Verdict("Error", f"error in entry template execution: {error}")
    except Postponed:
        return None
    if node is None:
        return None
    phase = _WORKFLOW_PHASES.get(node.phase, node.phase)
    status = op.globals.get("workflow.status", "")
    op.globals["workflow.status"] = phase
    op.globals["workflow.failures"] = _failures(op)
    try:
        return _conclude(op, node, phase)
    finally:
        op.globals["workflow.status"] = status
        op.globals.pop("workflow.failures", None)


def _conclude(op: Operation, node: Node, phase: str) -> Verdict | None:
    base = op.templates.local
    try:
        if not hooks.workflow_over(op, base):
            return None
    except Postponed:
        return None
    except OperationError as error:
        op.mark_error(node, error)
    if not node.fulfilled:
        return None
    handler = None
    hook = hooks.exit_hook(op.spec, op.spec.get("arguments"))
    name = f"{op.name}.onExit"
    if hook is not None and (op.nodes.named(name) is not None or not op.stops(on_exit=True)):
        call = Call(name, hooks.holder_of(hook), base, hook.get("arguments"), on_exit=True, hooked=True)
        try:
            handler = execute_call(op, call)
        except Postponed:
            return None
        except (OperationError, TimeoutReached) as error:
            return Verdict("Error", f"error in exit template execution : {error}")
        if handler is None or not handler.fulfilled:
            return None
    return _verdict(op, node, phase, handler)


def _verdict(op: Operation, node: Node, phase: str, handler: Node | None) -> Verdict:
    entry = op.nodes.named(op.name)
    if phase == "Error" and entry is not None and not entry.fulfilled:
        op.mark(entry, "Error", "Workflow operation error")  # A group answered for it.
    if phase == "Succeeded":
        if handler is not None and handler.unsuccessful:
            return Verdict(handler.phase, handler.message)
        return Verdict("Succeeded")
    if node.unsuccessful and op.shutdown:
        return Verdict(phase, f"Stopped with strategy '{op.shutdown}'")
    return Verdict(phase, node.message)


def _fail_what_cannot_start(op: Operation) -> None:
    """Nodes without a pod fail at the workflow's deadline, suspended ones when it is stopped."""
    if not op.shutdown and not op.deadline_passed:
        return
    for node in op.nodes:
        if node.fulfilled:
            continue
        handler = op.nodes.in_exit_handler(node)
        if op.shutdown and op.stops(on_exit=handler) and node.suspended:
            op.mark(node, "Failed", f"Stopped with strategy '{op.shutdown}'")
        elif _is_late(op, node, handler):
            op.mark(node, "Failed", STEP_PAST_DEADLINE)


def _is_late(op: Operation, node: Node, handler: bool) -> bool:
    waits = node.phase == "Pending" or node.suspended
    return op.deadline_passed and waits and not handler and not op.ports.pod_exists(node.id)


def finished(op: Operation, node: Node, result: dict[str, Any]) -> None:
    """A pod is over: its node gets phase, message, outputs, and hands on what has a globalName."""
    node.outputs = result.get("outputs") or node.outputs
    if not node.fulfilled:
        node.started_at = result.get("startedAt", node.started_at)
        node.finished_at = result.get("finishedAt")
        op.mark(node, result["phase"], result.get("message", ""))
    op.export(node.outputs)
    try:
        memory.keep(op, node)
    except OperationError as error:
        op.mark_error(node, error)


def _failures(op: Operation) -> str:
    """{{workflow.failures}}: JSON, quoted once more so that quotes survive being put into a template."""
    failures = [
        {
            "displayName": node.display_name,
            "message": node.message,
            "templateName": node.template_name,
            "phase": node.phase,
            "podName": pod_name(op.name, node.name, node.template_name),
            "finishedAt": (stamp(node.finished_at) or "")[:19] + "Z",
        }
        for node in op.nodes
        if node.unsuccessful
    ]
    text = json.dumps(failures, separators=(",", ":"), ensure_ascii=False) if failures else "null"
    return f'"{quote(text)}"'
