"""Lifecycle hooks."""

from argolane.workflow.local.reconciler import hooks
from argolane.workflow.local.reconciler.template.lookup import Templates
from tests.workflow.local.reconciler.simulated import SimulatedRun, dag


def test_hooks_are_found_wherever_they_stand() -> None:
    """Only a run with hooks needs a pass when a pod starts; those of inline and shared templates count."""
    hook = "hooks: {running: {template: pod, expression: 'true'}}"
    assert not hooks.anywhere(SimulatedRun(dag("name: a")).state)
    assert hooks.anywhere(SimulatedRun(dag(f"name: a, {hook}")).state)
    inline = f"{{steps: [[{{name: b, template: pod, {hook}}}]]}}"
    outer = f"- name: main\n  steps: [[{{name: a, inline: {inline}}}]]"
    assert hooks.anywhere(SimulatedRun(f"entrypoint: main\ntemplates:\n{outer}").state)
    run = SimulatedRun(dag("name: a"))
    spec = {"templates": [{"name": "t", "steps": [[{"name": "b", "hooks": {"x": {"expression": "true"}}}]]}]}
    shared = {"kind": "WorkflowTemplate", "metadata": {"name": "shared"}, "spec": spec}
    run.state.templates = Templates("wf", run.state.spec, [shared])
    assert hooks.anywhere(run.state)


def test_a_named_hook_runs_when_its_expression_holds() -> None:
    """Not before: it looks at the status of the task that it belongs to."""
    run = SimulatedRun(
        dag("name: a, hooks: {going: {template: pod, expression: tasks.a.status == 'Running'}}")
    )
    run.turn()
    assert run.running() == ["a"]
    run.state.nodes.mark(run.node("a"), "Running")
    run.turn()
    assert run.running() == ["a", "a.hooks.going"]
