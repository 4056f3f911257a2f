"""Attempts of a retried node: how many, and below what."""

from argolane.workflow.local.reconciler.reconcile import Verdict
from tests.workflow.local.reconciler.simulated import SimulatedRun, dag


def test_retries_without_a_limit_end() -> None:
    """Attempts that fail at once, for ever, meet the bound on depth instead of hanging the runner."""
    run = SimulatedRun(
        "entrypoint: main\ntemplates:\n- name: main\n  retryStrategy: {}\n"
        "  steps: [[{name: a, template: w, when: '1'}]]\n- {name: w, suspend: {}}"
    )
    verdict = run.turn()
    assert verdict is not None
    assert verdict.phase == "Error"
    assert "Maximum recursion depth exceeded" in verdict.message


def test_a_retried_exit_handler() -> None:
    """Attempts of a hook are hooks, too, and count as attempts."""
    spec = dag("name: a", more="onExit: bye\n") + (
        "- {name: bye, retryStrategy: {limit: 1}, container: {image: x, command: [x]}}\n"
    )
    run = SimulatedRun(spec)
    run.turn()
    run.end("a")
    run.turn()
    run.end("wf.onExit(0)", "Failed")
    run.turn()
    assert run.running() == ["wf.onExit(1)"]
    run.end("wf.onExit(1)", "Failed")
    assert run.turn() == Verdict("Failed", "No more retries left")


def test_a_running_attempt_keeps_the_template_it_began_with() -> None:
    """A variable that changes while an attempt runs leaves what `{{lastRetry...}}` stood for in it alone."""
    run = SimulatedRun(
        "entrypoint: main\ntemplates:\n- name: main\n  retryStrategy: {limit: 1}\n"
        "  steps: [[{name: a, template: pod}], [{name: b, template: say,"
        " arguments: {parameters: [{name: x, value: '{{retries}} {{lastRetry.status}}'}]}}]]\n"
        "- {name: pod, container: {image: x, command: [x]}}\n"
        "- name: say\n  inputs: {parameters: [{name: x}]}\n"
        "  container: {image: x, command: [x], args: ['{{inputs.parameters.x}}']}"
    )
    run.turn()
    run.end("a", "Failed")
    run.turn()
    run.state.variables.set("workflow.outputs.parameters.o", "new")
    run.end_last("a")
    run.turn()
    assert run.orders[run.node("b").id].template["container"]["args"] == ["1 Failed"]
