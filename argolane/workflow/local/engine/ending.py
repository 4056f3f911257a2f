"""Nodes that end before their time: at a deadline, by an order to stop, because nothing can happen."""

from argolane.workflow.local.engine.launcher import Launcher
from argolane.workflow.local.reconciler.reconcile import STEP_PAST_DEADLINE, Verdict
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.types import STARTED

GRACE = 5.0


def at_deadline(run: RunState, launcher: Launcher) -> bool:
    """End what runs beyond the workflow's deadline; whether there was anything."""
    late = [
        node
        for node in run.nodes
        if not node.fulfilled
        and (node.type in STARTED or node.suspended)
        and not run.nodes.in_exit_handler(node)
    ]
    for node in late:
        if run.ports.pod_exists(node.id):
            launcher.stop(node.id, STEP_PAST_DEADLINE, GRACE)
            run.nodes.mark(node, "Failed", STEP_PAST_DEADLINE)
    return bool(late)


def by_order(run: RunState, launcher: Launcher, strategy: str) -> None:
    """Stop or Terminate: end the pods that must not go on."""
    run.shutdown = strategy
    for node in run.nodes:
        if node.fulfilled or node.type not in STARTED or not run.ports.pod_exists(node.id):
            continue
        if run.stops(on_exit=run.nodes.in_exit_handler(node)):
            launcher.stop(node.id, f"workflow shutdown with strategy:  {strategy}", GRACE)


def with_run(launcher: Launcher, reason: str) -> None:
    """End the pods that still run when the workflow is over."""
    launcher.stop_all(reason, GRACE)


def of_rest(run: RunState) -> None:
    """The workflow is over, and so are all its nodes."""
    for node in run.nodes:
        if not node.fulfilled:
            run.nodes.mark(
                node, "Failed" if run.shutdown else "Error", node.message or "the workflow is over"
            )


def of_waiting(run: RunState) -> Verdict | None:
    """Where Argo would wait for ever, here is an error; None while somebody or something may come."""
    if run.this_pass.wake_at is not None:
        return None
    if any(node.suspended or node.waiting_for for node in run.nodes if not node.fulfilled):
        return None
    for name, reason in run.this_pass.waits.items():
        waiter = run.nodes.named(name)
        if waiter is not None and not waiter.fulfilled:
            run.nodes.mark(waiter, "Error", f"waits for ever: {reason}")
    reasons = "; ".join(f"{name}: {reason}" for name, reason in run.this_pass.waits.items())
    open_ends = [node.name for node in run.nodes if not node.fulfilled and node.name != run.name]
    why = reasons or "nothing runs and nothing more may start"
    if open_ends and not reasons:
        why += f"; not over: {', '.join(open_ends[:5])}"
    return Verdict("Error", f"The workflow waits for ever, as it would on a cluster: {why}")
