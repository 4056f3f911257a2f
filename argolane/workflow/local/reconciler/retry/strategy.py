"""A retryStrategy in, what its fields say out: when to retry, how often, until when."""

from collections.abc import Mapping
from typing import Any

from argolane.languages.values import int_or_string, parse_duration
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState

Strategy = Mapping[str, Any]


def strategy_of(run: RunState, template: Mapping[str, Any]) -> Strategy | None:
    """The template's own retryStrategy, which may be empty, or the workflow's."""
    own: Strategy | None = template.get("retryStrategy")
    return own if own is not None else run.spec.get("retryStrategy")


def policy(strategy: Strategy) -> str:
    """An expression alone means Always, nothing means OnFailure."""
    return str(strategy.get("retryPolicy") or ("Always" if strategy.get("expression") else "OnFailure"))


def limit_of(strategy: Strategy) -> int | None:
    """How many attempts there may be after the first."""
    return whole(strategy.get("limit"))


def deadline(attempts: list[Node], strategy: Strategy) -> float | None:
    """When the next attempt has to be over: `maxDuration` counts from the first one's start."""
    longest = (strategy.get("backoff") or {}).get("maxDuration")
    if not longest or not attempts or attempts[0].started_at is None:
        return None
    return attempts[0].started_at + seconds(longest)


def seconds(value: object) -> float:
    """A duration of the manifest; OperationError with Argo's words for what is none."""
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise OperationError(str(error)) from None


def whole(value: object) -> int | None:
    """A number of the manifest, which may be quoted."""
    try:
        return int_or_string(value)
    except ValueError as error:
        raise OperationError(str(error)) from None
