"""Whether there is one more attempt."""

from typing import Any

import pytest

from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.retry.decision import why_no_more
from tests.workflow.local.reconciler.simulated import attempts

FAILED, ERROR = ("Failed", "exit 1"), ("Error", "no image")
NO_MORE = "No more retries left"


@pytest.mark.parametrize(
    ("strategy", "ends", "message"),
    [
        ({}, [FAILED], None),
        ({}, [ERROR], "no image"),
        ({"limit": 1}, [FAILED], None),
        ({"limit": "1"}, [FAILED, FAILED], NO_MORE),
        ({"limit": 0}, [FAILED], NO_MORE),
        ({"retryPolicy": "OnError"}, [ERROR], None),
        ({"retryPolicy": "OnError"}, [FAILED], "exit 1"),
        ({"retryPolicy": "Always", "limit": 2}, [FAILED, ERROR], None),
        ({"retryPolicy": "OnTransientError"}, [("Failed", "dial tcp: i/o timeout")], None),
        ({"retryPolicy": "OnTransientError"}, [FAILED], "exit 1"),
        ({"expression": "lastRetry.status == 'Error'"}, [ERROR], None),
        (
            {"expression": "asInt(lastRetry.duration) > 1"},
            [FAILED],
            "retryStrategy.expression evaluated to false",
        ),
        ({"expression": "lastRetry.exitCode == '-1' && retries == '1'", "limit": 5}, [FAILED, FAILED], None),
    ],
)
def test_policy_then_limit_then_expression(
    strategy: dict[str, Any], ends: list[tuple[str, str]], message: str | None
) -> None:
    """What refuses another attempt first gives the node's message; a policy gives the attempt's own."""
    assert why_no_more(attempts(*ends), strategy) == message


def test_a_policy_that_does_not_exist() -> None:
    """Argo's words for it."""
    with pytest.raises(OperationError, match=r"^Sometimes is not a valid RetryPolicy$"):
        why_no_more(attempts(FAILED), {"retryPolicy": "Sometimes"})
