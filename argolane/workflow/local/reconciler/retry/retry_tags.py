"""The last attempt in, what `{{retries}}` and `{{lastRetry...}}` stand for out."""

from argolane.workflow.local.reconciler.nodes.node import Node


def for_attempt(number: int, last: Node | None) -> dict[str, str]:
    """What the template of an attempt reads; the first one has nothing before it."""
    if last is None:
        return _tags(number, "0", "0", "", "")
    return _of(number, last, no_exit_code="0")


def for_decision(attempts: list[Node]) -> dict[str, str]:
    """What the strategy's expression reads."""
    return _of(len(attempts) - 1, attempts[-1], no_exit_code="-1")


def _of(number: int, last: Node, *, no_exit_code: str) -> dict[str, str]:
    exit_code = (last.outputs or {}).get("exitCode", no_exit_code)
    return _tags(number, exit_code, _duration(last), last.phase, last.message)


def _tags(number: int, exit_code: str, duration: str, status: str, message: str) -> dict[str, str]:
    return {
        "retries": str(number),
        "lastRetry.exitCode": exit_code,
        "lastRetry.duration": duration,
        "lastRetry.status": status,
        "lastRetry.message": message,
    }


def _duration(node: Node) -> str:
    """Argo's times have whole seconds."""
    if node.started_at is None or node.finished_at is None:
        return "0"
    return str(int(node.finished_at) - int(node.started_at))
