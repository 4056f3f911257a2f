"""A pass over a whole run."""

import time

from tests.workflow.local.reconciler.simulated import SimulatedRun, dag


def test_nothing_starts_after_the_deadline_but_exit_handlers() -> None:
    """Past the workflow's deadline a pending step fails and onExit still runs."""
    spec = dag("name: a", "name: b, depends: a", more="onExit: pod\n")
    run = SimulatedRun(spec)
    run.state.deadline = 1005.0
    run.turn()
    run.time = 1006.0
    run.state.nodes.mark(run.node("a"), "Failed", "Step exceeded its deadline")
    assert run.turn() is None
    assert run.node("b").phase == "Omitted"
    assert run.running() == ["wf.onExit"]


def test_five_hundred_tasks_are_quick_to_look_at() -> None:
    """A pass over a large DAG in which nothing is new takes milliseconds."""

    run = SimulatedRun(dag("name: a, withSequence: {count: 500}"))
    run.turn()
    began = time.process_time()
    for _ in range(10):
        run.turn()
    assert (time.process_time() - began) / 10 < 0.05
