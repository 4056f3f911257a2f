"""A Retry node and its attempts in, the verdict out: over, waiting, or one more attempt."""

from argolane.kubernetes.times import rfc3339
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.retry import retry_tags
from argolane.workflow.local.reconciler.retry.backoff import back_off
from argolane.workflow.local.reconciler.retry.strategy import Strategy, limit_of, policy
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.evaluation import holds

# What Argo takes for a failure that another try may mend, wherever the message came from.
_TRANSIENT = (
    "i/o timeout", "connection timed out", "connection reset by peer", "no such host",
    "TLS handshake timeout",
)  # fmt: skip


def decide(run: RunState, node: Node, strategy: Strategy) -> bool:
    """Mark the node when its attempts decide it; False while a backoff has to be waited out.

    A node that is not marked as over goes on: with its last attempt, or with one more.
    """
    attempts = run.nodes.attempts(node)
    if node.over or not attempts:
        return True
    last = attempts[-1]
    if last.daemoned:
        node.daemoned = True
        run.settled.daemons[node.id] = None
        run.nodes.mark(node, last.phase)
    if not last.over:
        return True
    if not last.unsuccessful:
        node.outputs = last.outputs
        run.nodes.mark(node, "Succeeded")
        return True
    if run.shutdown or run.deadline_passed:
        message = (
            f"Stopped with strategy '{run.shutdown}'"
            if run.shutdown
            else f"retry exceeded workflow deadline {_go_time(run.deadline or 0)}"
        )
        run.nodes.mark(node, last.phase, message)
        return True
    if run.ports.replayed(run.nodes.id_of(f"{node.name}({len(attempts)})")):
        return True  # An earlier run of this workflow already went on from here.
    if last.final:
        run.nodes.mark(node, last.phase, last.message)
        return True
    if strategy.get("backoff"):
        verdict = back_off(run, node, attempts, strategy)
        if verdict is not None:
            return verdict
    refusal = why_no_more(attempts, strategy)
    if refusal is not None:
        run.nodes.mark(node, last.phase, refusal)
    return True


def why_no_more(attempts: list[Node], strategy: Strategy) -> str | None:
    """The message of a node that gets no more attempts, by policy, limit and expression; None if it does."""
    last, chosen = attempts[-1], policy(strategy)
    on_failed = chosen in ("Always", "OnFailure")
    on_error = chosen in ("Always", "OnError")
    if chosen == "OnTransientError":
        on_failed = on_error = any(word in last.message for word in _TRANSIENT)
    elif chosen not in ("Always", "OnFailure", "OnError"):
        raise OperationError(f"{chosen} is not a valid RetryPolicy")
    if (last.phase == "Failed" and not on_failed) or (last.phase == "Error" and not on_error):
        return last.message
    limit = limit_of(strategy)
    if limit is not None and len(attempts) > limit:
        return "No more retries left"
    expression = strategy.get("expression")
    if expression and not holds(str(expression), retry_tags.for_decision(attempts)):
        return "retryStrategy.expression evaluated to false"
    return None


def _go_time(at: float) -> str:
    return rfc3339(at).replace("T", " ").replace("Z", " +0000 UTC")
