"""A Retry node and its attempts in, the verdict out: over, waiting, or one more attempt."""

from collections.abc import Mapping
from typing import Any

from argolane.kubernetes.times import rfc3339
from argolane.languages.values import int_or_string, parse_duration
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.evaluation import holds

_TRANSIENT = (
    "i/o timeout", "connection timed out", "connection reset by peer", "no such host",
    "TLS handshake timeout",
)  # fmt: skip

_REQUEUE = 10.0


def policy(strategy: Mapping[str, Any]) -> str:
    """An expression alone means Always, nothing means OnFailure."""
    return str(strategy.get("retryPolicy") or ("Always" if strategy.get("expression") else "OnFailure"))


def strategy_of(run: RunState, template: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The template's own retryStrategy, which may be empty, or the workflow's."""
    own: Mapping[str, Any] | None = template.get("retryStrategy")
    return own if own is not None else run.spec.get("retryStrategy")


def tags(number: int, last: Node | None) -> dict[str, str]:
    """What {{retries}} and {{lastRetry...}} stand for in an attempt."""
    values = {
        "retries": str(number),
        "lastRetry.exitCode": "0",
        "lastRetry.duration": "0",
        "lastRetry.status": "",
        "lastRetry.message": "",
    }
    if last is not None:
        values["lastRetry.exitCode"] = (last.outputs or {}).get("exitCode", "0")
        values["lastRetry.duration"] = _seconds(last)
        values["lastRetry.status"] = last.phase
        values["lastRetry.message"] = last.message
    return values


def assess(run: RunState, node: Node, strategy: Mapping[str, Any]) -> bool:
    """Mark the node when its attempts decide it; False while a backoff has to be waited out."""
    attempts = run.nodes.attempts(node)
    if node.fulfilled or not attempts:
        return True
    last = attempts[-1]
    if not last.fulfilled:
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
    if strategy.get("backoff"):
        verdict = _back_off(run, node, attempts, strategy)
        if verdict is not None:
            return verdict
    _decide(run, node, attempts, strategy)
    return True


def deadline(attempts: list[Node], strategy: Mapping[str, Any]) -> float | None:
    """When the next attempt has to be over: `maxDuration` counts from the first one's start."""
    limit = (strategy.get("backoff") or {}).get("maxDuration")
    if not limit or not attempts or attempts[0].started_at is None:
        return None
    return attempts[0].started_at + _duration(limit)


def _back_off(run: RunState, node: Node, attempts: list[Node], strategy: Mapping[str, Any]) -> bool | None:
    backoff, last, now = strategy["backoff"], attempts[-1], run.ports.now()
    until = deadline(attempts, strategy)
    if until is not None and now > until:
        run.nodes.mark(node, last.phase, "Max duration limit exceeded")
        return True
    if not backoff.get("duration"):
        raise OperationError("no base duration specified for retryStrategy")
    wait = base = _duration(backoff["duration"])
    factor = _int(backoff.get("factor"))
    if factor is not None and factor > 0:
        wait = base * float(factor) ** (len(attempts) - 1)
    if backoff.get("cap"):
        wait = min(wait, _duration(backoff["cap"]))
    ready = (last.finished_at or now) + wait
    if until is not None and ready > until:
        # Argo's controller looks again only some ten seconds later: a shorter maxDuration is over by then.
        late = until - (attempts[0].started_at or now) <= _REQUEUE
        run.nodes.mark(
            node,
            last.phase,
            "Max duration limit exceeded" if late else "Backoff would exceed max duration limit",
        )
        return True
    limit = _int(strategy.get("limit"))
    if now < ready and limit is not None and len(attempts) <= limit:
        run.this_pass.wake(ready)
        run.nodes.mark(node, node.phase, f"Backoff for {_humanize(wait)}")
        return False
    run.nodes.mark(node, node.phase, "")
    return None


def _decide(run: RunState, node: Node, attempts: list[Node], strategy: Mapping[str, Any]) -> None:
    last, chosen = attempts[-1], policy(strategy)
    on_failed = chosen in ("Always", "OnFailure")
    on_error = chosen in ("Always", "OnError")
    if chosen == "OnTransientError":
        on_failed = on_error = any(word in last.message for word in _TRANSIENT)
    elif chosen not in ("Always", "OnFailure", "OnError"):
        raise OperationError(f"{chosen} is not a valid RetryPolicy")
    if (last.phase == "Failed" and not on_failed) or (last.phase == "Error" and not on_error):
        run.nodes.mark(node, last.phase, last.message)
        return
    limit = _int(strategy.get("limit"))
    if limit is not None and len(attempts) > limit:
        run.nodes.mark(node, last.phase, "No more retries left")
        return
    expression = strategy.get("expression")
    if expression and not holds(str(expression), _scope(attempts)):
        run.nodes.mark(node, last.phase, "retryStrategy.expression evaluated to false")


def _scope(attempts: list[Node]) -> dict[str, str]:
    last = attempts[-1]
    return {
        "retries": str(len(attempts) - 1),
        "lastRetry.exitCode": (last.outputs or {}).get("exitCode", "-1"),
        "lastRetry.status": last.phase,
        "lastRetry.duration": _seconds(last),
        "lastRetry.message": last.message,
    }


def _seconds(node: Node) -> str:
    """Argo's times have whole seconds."""
    if node.started_at is None or node.finished_at is None:
        return "0"
    return str(int(node.finished_at) - int(node.started_at))


def _duration(value: object) -> float:
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise OperationError(str(error)) from None


def _int(value: object) -> int | None:
    try:
        return int_or_string(value)
    except ValueError as error:
        raise OperationError(str(error)) from None


def _humanize(seconds: float) -> str:
    """`1 minute 30 seconds`."""
    whole = int(seconds)
    parts = []
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts[:2]) or "0 seconds"


def _go_time(at: float) -> str:
    return rfc3339(at).replace("T", " ").replace("Z", " +0000 UTC")
