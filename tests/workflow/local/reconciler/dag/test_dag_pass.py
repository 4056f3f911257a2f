"""How the nodes of a DAG hang together."""

from tests.workflow.local.reconciler.simulated import SimulatedRun, dag


def test_children_join_what_follows_to_what_came_before() -> None:
    """A task's node is a child of every node it waited for: Argo's picture of a run is drawn from it."""
    run = SimulatedRun(dag("name: a", "name: b, depends: a", "name: c, depends: a"))
    run.turn()
    run.end("a")
    run.turn()
    assert [run.state.nodes.of(i).display_name for i in run.node("a").children] == ["b", "c"]
