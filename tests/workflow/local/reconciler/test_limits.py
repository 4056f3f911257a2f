"""`parallelism` of a workflow and of a template."""

from tests.workflow.local.reconciler.simulated import SimulatedRun, dag


def test_parallelism_of_the_workflow() -> None:
    """spec.parallelism bounds the pods of all templates together."""
    run = SimulatedRun(dag("name: a", "name: b", "name: c", more="parallelism: 2\n"))
    run.turn()
    assert len(run.running()) == 2
    run.end("a")
    run.turn()
    assert run.running() == ["b", "c"]


def test_parallelism_of_a_template() -> None:
    """A template's parallelism bounds its own children."""
    spec = dag("name: a, withItems: [1, 2, 3]").replace("  dag:", "  parallelism: 1\n  dag:")
    run = SimulatedRun(spec)
    run.turn()
    assert run.running() == ["a(0:1)"]
    run.end("a(0:1)")
    run.turn()
    assert run.running() == ["a(1:2)"]
