"""Suspend templates."""

from argolane.workflow.local.reconciler.reconcile import Verdict
from tests.workflow.local.reconciler.simulated import SimulatedRun


def test_a_suspension_ends_by_the_clock() -> None:
    """A suspend template of a duration is over when that has passed."""
    run = SimulatedRun("entrypoint: main\ntemplates: [{name: main, suspend: {duration: 1m}}]")
    assert run.turn() is None
    assert run.state.this_pass.wake_at == 1060.0
    run.time = 1061.0
    assert run.turn() == Verdict("Succeeded")
