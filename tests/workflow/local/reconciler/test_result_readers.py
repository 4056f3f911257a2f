"""Whose results are kept."""

import pytest

from argolane.workflow.local.reconciler.result_readers import results_read, task_name
from tests.workflow.local.reconciler.simulated import SimulatedRun, dag


def test_results_are_kept_only_when_read() -> None:
    """outputs.result costs something: a pod keeps it only if the template around it mentions it."""
    run = SimulatedRun(
        dag("name: a", "name: b", 'name: c, depends: a, when: "{{tasks.a.outputs.result}} == 1"')
    )
    run.turn()
    kept = {run.state.nodes.of(i).display_name: order.keep_result for i, order in run.orders.items()}
    assert kept == {"a": True, "b": False}


def test_who_reads_is_found_in_every_text() -> None:
    """Names with a dot and in brackets, in values and in keys; of the template's own kind only."""
    template = {
        "dag": {
            "tasks": [
                {"when": "{{tasks.a.outputs.result}} == 1 && {{tasks.b-2.outputs.result}}"},
                {"arguments": {"{{=tasks['c'].outputs.result}}": "{{steps.d.outputs.result}}"}},
                {"arguments": "{{tasks.e.outputs.parameters.result}}"},
            ]
        }
    }
    assert results_read(template) == {"a", "b-2", "c"}


@pytest.mark.parametrize(
    ("node", "task"),
    [("wf.a", "a"), ("wf[0].fan(0:x.y)(1)", "fan"), ("wf.a.onExit", "onExit"), ("wf[1].b[0]", "b")],
)
def test_the_task_of_a_node(node: str, task: str) -> None:
    """Attempts and members of loops are taken off a node's name."""
    assert task_name(node) == task
