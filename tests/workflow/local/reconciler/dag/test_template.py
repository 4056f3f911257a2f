"""DAGs: what starts when, and how deep they may be."""

from argolane.workflow.local.reconciler.reconcile import Verdict
from tests.workflow.local.reconciler.simulated import SimulatedRun, dag


def test_independent_tasks_start_together() -> None:
    """Tasks that wait for nothing start in the first pass; one that joins them starts when both are over."""
    run = SimulatedRun(dag("name: a", "name: b", "name: c, depends: a && b"))
    assert run.turn() is None
    assert run.running() == ["a", "b"]
    run.end("a")
    run.turn()
    assert run.running() == ["b"]
    run.end("b")
    run.turn()
    assert run.running() == ["c"]
    run.end("c")
    assert run.turn() == Verdict("Succeeded")


def test_a_chain_may_be_longer_than_the_stack() -> None:
    """A thousand tasks in a row do not need a thousand calls in one another."""
    chain = ["name: t0", *(f"name: t{i}, depends: t{i - 1}" for i in range(1, 1000))]
    run = SimulatedRun(dag(*chain))
    run.turn()
    assert run.running() == ["t0"]
    run.end("t0", "Failed")
    assert run.turn() == Verdict("Failed")
    assert run.node("t999").phase == "Omitted"


def test_later_tasks_see_the_variables_as_they_are_by_then() -> None:
    """A task that starts in a later pass reads the workflow's status of that pass, not of the first one."""
    run = SimulatedRun(
        "entrypoint: main\ntemplates:\n- name: main\n  dag:\n    tasks:\n"
        "    - name: a\n      template: say\n"
        "      arguments: &it {parameters: [{name: x, value: '{{workflow.status}}'}]}\n"
        "    - {name: b, template: say, depends: a, arguments: *it}\n"
        "- name: say\n  inputs: {parameters: [{name: x}]}\n"
        "  container: {image: x, command: [x], args: ['{{inputs.parameters.x}}']}"
    )
    run.state.variables.set("workflow.status", "")
    run.turn()
    run.state.variables.set("workflow.status", "Running")
    run.end("a")
    run.turn()
    assert run.orders[run.node("b").id].template["container"]["args"] == ["Running"]
