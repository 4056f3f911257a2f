"""The attempts so far and a strategy's `backoff` in, how long to wait for the next one out."""

from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.retry.strategy import Strategy, deadline, limit_of, seconds, whole
from argolane.workflow.local.reconciler.state.run_state import RunState

# Argo's controller looks again only some ten seconds later: a shorter maxDuration is over by then.
_REQUEUE = 10.0


def back_off(run: RunState, node: Node, attempts: list[Node], strategy: Strategy) -> bool | None:
    """False while the wait is not over, True once maxDuration ends the node, None when nothing hinders."""
    last, now = attempts[-1], run.ports.now()
    until = deadline(attempts, strategy)
    if until is not None and now > until:
        run.nodes.mark(node, last.phase, "Max duration limit exceeded")
        return True
    wait = wait_after(attempts, strategy)
    ready = (last.finished_at or now) + wait
    if until is not None and ready > until:
        late = until - (attempts[0].started_at or now) <= _REQUEUE
        run.nodes.mark(
            node,
            last.phase,
            "Max duration limit exceeded" if late else "Backoff would exceed max duration limit",
        )
        return True
    limit = limit_of(strategy)
    if now < ready and limit is not None and len(attempts) <= limit:
        run.this_pass.wake(ready)
        run.nodes.mark(node, node.phase, f"Backoff for {humanize(wait)}")
        return False
    run.nodes.mark(node, node.phase, "")
    return None


def wait_after(attempts: list[Node], strategy: Strategy) -> float:
    """Seconds: `duration`, times `factor` for each attempt but the first, `cap` at most."""
    backoff = strategy["backoff"]
    if not backoff.get("duration"):
        raise OperationError("no base duration specified for retryStrategy")
    wait = base = seconds(backoff["duration"])
    factor = whole(backoff.get("factor"))
    if factor is not None and factor > 0:
        wait = base * float(factor) ** (len(attempts) - 1)
    return min(wait, seconds(backoff["cap"])) if backoff.get("cap") else wait


def humanize(duration: float) -> str:
    """`1 minute 30 seconds`."""
    rest = int(duration)
    parts = []
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts[:2]) or "0 seconds"
