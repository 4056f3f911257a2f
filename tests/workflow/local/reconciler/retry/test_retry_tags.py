"""What an attempt and the strategy's expression read of the attempt before."""

from argolane.workflow.local.reconciler.retry.retry_tags import for_attempt, for_decision
from tests.workflow.local.reconciler.simulated import attempts


def test_the_first_attempt_has_nothing_before_it() -> None:
    """All tags have values nevertheless: a template may hold them."""
    assert for_attempt(0, None) == {
        "retries": "0",
        "lastRetry.exitCode": "0",
        "lastRetry.duration": "0",
        "lastRetry.status": "",
        "lastRetry.message": "",
    }


def test_an_attempt_without_an_exit_code() -> None:
    """A pod that never ran has 0 for the next attempt and -1 for the expression, as in Argo."""
    (last,) = attempts(("Error", "evicted"))
    assert for_attempt(1, last)["lastRetry.exitCode"] == "0"
    decision = for_decision([last])
    assert (decision["lastRetry.exitCode"], decision["retries"]) == ("-1", "0")
    assert (decision["lastRetry.duration"], decision["lastRetry.message"]) == ("1", "evicted")
