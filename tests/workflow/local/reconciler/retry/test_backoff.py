"""How long a retry waits."""

import pytest

from argolane.workflow.local.reconciler.retry.backoff import humanize, wait_after
from tests.workflow.local.reconciler.simulated import SimulatedRun, attempts, dag


def test_backoff_waits_by_the_clock() -> None:
    """A retry starts once its backoff is over, which grows by its factor; the pass says when to look."""
    spec = dag("name: a").replace(
        "command: [x]}", 'command: [x]}, retryStrategy: {limit: 2, backoff: {duration: "10", factor: 2}}'
    )
    run = SimulatedRun(spec)
    run.turn()
    run.end("a(0)", "Failed")
    run.turn()
    assert run.running() == []
    assert run.state.this_pass.wake_at == 1010.0
    assert run.node("a").message == "Backoff for 10 seconds"
    run.time = 1011.0
    run.turn()
    assert run.running() == ["a(1)"]
    run.end("a(1)", "Failed")
    run.turn()
    assert run.state.this_pass.wake_at == 1031.0


@pytest.mark.parametrize(
    ("backoff", "made", "seconds"),
    [
        ({"duration": "10"}, 3, 10),
        ({"duration": "10", "factor": 2}, 1, 10),
        ({"duration": "10", "factor": "2"}, 4, 80),
        ({"duration": "1m", "factor": 3, "cap": "2m"}, 2, 120),
        ({"duration": "10", "factor": 0}, 3, 10),
    ],
)
def test_the_wait_grows_up_to_its_cap(backoff: dict[str, object], made: int, seconds: float) -> None:
    """duration * factor ^ (attempts - 1), the cap at most; a factor of nothing is none."""
    failed = attempts(*[("Failed", "")] * made)
    assert wait_after(failed, {"backoff": backoff}) == seconds


def test_waits_are_said_in_words() -> None:
    """The two largest units, as the controller's messages have them."""
    assert [humanize(s) for s in (0.4, 1, 90, 3600, 90061)] == [
        "0 seconds",
        "1 second",
        "1 minute 30 seconds",
        "1 hour",
        "1 day 1 hour",
    ]
