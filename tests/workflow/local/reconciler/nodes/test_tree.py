"""The tree of a run's nodes: Argo's names, ids and ends of branches."""

from argolane.workflow.local.reconciler.nodes.naming import pod_name
from tests.workflow.local.reconciler.simulated import SimulatedRun, dag


def test_ids_and_pod_names_are_made_as_argo_makes_them() -> None:
    """An FNV hash of the node's name; the run's own node has the run's name."""
    run = SimulatedRun(dag("name: a"))
    run.turn()
    assert run.state.nodes.id_of("wf") == pod_name("wf", "wf", "main") == "wf"
    number = run.node("a").id.removeprefix("wf-")
    assert number.isdigit()
    assert pod_name("wf", "wf.a", "pod") == f"wf-pod-{number}"


def test_marking_a_node_tells_those_who_listen_once() -> None:
    """Only a phase or message that is another one makes a node dirty; an end has its time."""
    run = SimulatedRun(dag("name: a"))
    run.turn()
    nodes, node = run.state.nodes, run.node("a")
    nodes.dirty.clear()
    nodes.mark(node, "Pending")
    assert not nodes.dirty
    run.time = 1007.0
    nodes.mark(node, "Failed", "why")
    assert list(nodes.dirty) == [node.id]
    assert (node.message, node.finished_at) == ("why", 1007.0)


def test_the_path_of_an_attempt() -> None:
    """Display names from the root down: a log's place in the record."""
    retried = dag("name: a").replace("command: [x]}", "command: [x]}, retryStrategy: {limit: 1}")
    run = SimulatedRun(retried)
    run.turn()
    assert run.state.nodes.path(run.node("a(0)")) == "wf/a/a(0)"
