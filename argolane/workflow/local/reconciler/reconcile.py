"""One pass over a whole run: entrypoint, hooks, exit handler, and the workflow's own phase."""

import json
from dataclasses import dataclass

from argolane.languages.gotext import quote
from argolane.workflow.local.reconciler import daemons, hooks, memory
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
from argolane.workflow.local.reconciler.ports import PodResult
from argolane.workflow.local.reconciler.state.run_state import RunState

# The words for a node that is still going on when the workflow's activeDeadlineSeconds are over.
STEP_PAST_DEADLINE = "Step exceeded its deadline"
_WORKFLOW_PHASES = {"Skipped": "Succeeded", "Omitted": "Succeeded"}


@dataclass(frozen=True)
class Verdict:
    """How the workflow ended."""

    phase: str
    message: str = ""


def reconcile(run: RunState) -> Verdict | None:
    """Start what can start; the verdict once everything is over, else None."""
    run.begin_pass()
    if run.spec.get("parallelism") is not None:
        run.this_pass.active_pods = count_active_pods(run)
    _fail_what_cannot_start(run)
    entry = Call(
        run.name, {"template": run.spec.get("entrypoint")}, run.templates.local, run.spec.get("arguments")
    )
    try:
        node = execute_call(run, entry)
    except (OperationError, TimeoutReached, MaxDepthExceeded) as error:
        return Verdict("Error", f"error in entry template execution: {error}")
    except Postponed:
        return None
    if node is None:
        return None
    phase = _WORKFLOW_PHASES.get(node.phase, node.phase)
    with run.variables.ending(phase, _failures(run)):
        verdict = _conclude(run, node, phase)
    if verdict is None or not node.daemoned:
        return verdict
    daemons.end(run)  # The entrypoint itself is one, and that is all it has to do.
    return _verdict(run, node, "Succeeded", run.nodes.named(f"{run.name}.onExit"))


def _conclude(run: RunState, node: Node, phase: str) -> Verdict | None:
    base = run.templates.local
    try:
        if not hooks.workflow_over(run, base):
            return None
    except Postponed:
        return None
    except OperationError as error:
        run.nodes.mark_error(node, error)
    if not node.fulfilled:
        return None
    handler = None
    hook = hooks.exit_hook(run.spec, run.spec.get("arguments"))
    name = f"{run.name}.onExit"
    if hook is not None and (run.nodes.named(name) is not None or not run.stops(on_exit=True)):
        call = Call(name, hooks.holder_of(hook), base, hook.get("arguments"), on_exit=True, hooked=True)
        try:
            handler = execute_call(run, call)
        except Postponed:
            return None
        except (OperationError, TimeoutReached) as error:
            return Verdict("Error", f"error in exit template execution : {error}")
        if handler is None or not handler.fulfilled:
            return None
    return _verdict(run, node, phase, handler)


def _verdict(run: RunState, node: Node, phase: str, handler: Node | None) -> Verdict:
    entry = run.nodes.named(run.name)
    if phase == "Error" and entry is not None and not entry.fulfilled:
        run.nodes.mark(entry, "Error", "Workflow operation error")  # A group answered for it.
    if phase == "Succeeded":
        if handler is not None and handler.unsuccessful:
            return Verdict(handler.phase, handler.message)
        return Verdict("Succeeded")
    if node.unsuccessful and run.shutdown:
        return Verdict(phase, f"Stopped with strategy '{run.shutdown}'")
    return Verdict(phase, node.message)


def _fail_what_cannot_start(run: RunState) -> None:
    """Nodes without a pod fail at the workflow's deadline, suspended ones when it is stopped."""
    if not run.shutdown and not run.deadline_passed:
        return
    for node in run.nodes:
        if node.fulfilled:
            continue
        handler = run.nodes.in_exit_handler(node)
        if run.shutdown and run.stops(on_exit=handler) and node.suspended:
            run.nodes.mark(node, "Failed", f"Stopped with strategy '{run.shutdown}'")
        elif _is_late(run, node, handler):
            run.nodes.mark(node, "Failed", STEP_PAST_DEADLINE)


def _is_late(run: RunState, node: Node, handler: bool) -> bool:
    waits = node.phase == "Pending" or node.suspended
    return run.deadline_passed and waits and not handler and not run.ports.pod_exists(node.id)


def finished(run: RunState, node: Node, result: PodResult) -> None:
    """A pod is over: its node gets phase, message, outputs, and hands on what has a globalName."""
    node.outputs = dict(result.outputs) if result.outputs else node.outputs
    node.final = result.final
    if not node.over:
        node.daemoned = False
        node.started_at, node.finished_at = result.started_at, result.finished_at
        run.nodes.mark(node, *daemons.judged(run, node, result))
    told = {f"{node.name}.{each.name}": each for each in result.containers}
    for name in list(run.settled.containers.get(node.id, ())):
        each = told.get(name)
        phase, message = (each.phase, each.message) if each else (result.phase, result.message)
        run.nodes.mark(run.nodes.of(run.nodes.id_of(name)), phase, message)
    run.export(node.outputs)
    try:
        memory.keep(run, node)
    except OperationError as error:
        run.nodes.mark_error(node, error)


def _failures(run: RunState) -> str:
    """{{workflow.failures}}: JSON, quoted once more so that quotes survive being put into a template."""
    failures = [
        {
            "displayName": node.display_name,
            "message": node.message,
            "templateName": node.template_name,
            "phase": node.phase,
            "podName": pod_name(run.name, node.name, node.template_name),
            "finishedAt": (stamp(node.finished_at) or "")[:19] + "Z",
        }
        for node in run.nodes
        if node.unsuccessful
    ]
    text = json.dumps(failures, separators=(",", ":"), ensure_ascii=False) if failures else "null"
    return f'"{quote(text)}"'
