"""The reconciler alone: nodes and decisions, with no process anywhere."""

import time
from collections.abc import Mapping
from typing import Any

import yaml

from argolane.languages.values import normalize_tree
from argolane.workflow.local.reconciler import reconcile
from argolane.workflow.local.reconciler.calling import execute_call
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.nodes.tree import NodeTree
from argolane.workflow.local.reconciler.ports import PodOrder, PodResult, Ports
from argolane.workflow.local.reconciler.reconcile import Verdict
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.lookup import Templates


class NoLocks:
    """Every lock is free."""

    def try_acquire(self, holder: str, synchronization: Mapping[str, Any]) -> tuple[bool, str, str]:
        return True, "", ""

    def release(self, holder: str) -> None:
        pass


class NoMemory:
    """Nothing is remembered."""

    def load(self, cache: str, key: str) -> None:
        return None

    def save(self, cache: str, key: str, node_id: str, outputs: object) -> None:
        pass


class Cluster:
    """A run whose pods end when the test says so, and whose clock the test sets."""

    def __init__(self, spec: str) -> None:
        self.time = 1000.0
        self.orders: dict[str, PodOrder] = {}
        plain = normalize_tree(yaml.safe_load(spec))
        ports = Ports(
            now=lambda: self.time,
            start_pod=lambda order: self.orders.__setitem__(order.node_id, order),
            pod_exists=self.orders.__contains__,
            config_map=lambda name, key: "",
            locks=NoLocks(),
            memory=NoMemory(),
        )
        tree = NodeTree("wf", lambda: self.time)
        self.state = RunState("wf", "ns", plain, Templates("wf", plain), tree, ports, execute_call)

    def turn(self) -> Verdict | None:
        return reconcile.reconcile(self.state)

    def running(self) -> list[str]:
        """Display names of pods that were started and are not over."""
        return [
            self.state.nodes.of(i).display_name for i in self.orders if not self.state.nodes.of(i).fulfilled
        ]

    def end(self, name: str, phase: str = "Succeeded", message: str = "", **outputs: Any) -> None:
        node = self.node(name)
        code = "0" if phase == "Succeeded" else "1"
        result = PodResult(phase, message, {"exitCode": code, **outputs}, self.time, self.time)
        reconcile.finished(self.state, node, result)

    def node(self, name: str) -> Node:
        return next(node for node in self.state.nodes if node.display_name == name)


POD = "- {name: pod, container: {image: x, command: [x]}}\n"


def dag(*tasks: str, more: str = "") -> str:
    listed = "".join(f"    - {{template: pod, {task}}}\n" for task in tasks)
    return f"entrypoint: main\n{more}templates:\n- name: main\n  dag:\n    tasks:\n{listed}{POD}"


def test_independent_tasks_start_together() -> None:
    """Tasks that wait for nothing start in the first pass; one that joins them starts when both are over."""
    cluster = Cluster(dag("name: a", "name: b", "name: c, depends: a && b"))
    assert cluster.turn() is None
    assert cluster.running() == ["a", "b"]
    cluster.end("a")
    cluster.turn()
    assert cluster.running() == ["b"]
    cluster.end("b")
    cluster.turn()
    assert cluster.running() == ["c"]
    cluster.end("c")
    assert cluster.turn() == Verdict("Succeeded")


def test_children_join_what_follows_to_what_came_before() -> None:
    """A task's node is a child of every node it waited for: Argo's picture of a run is drawn from it."""
    cluster = Cluster(dag("name: a", "name: b, depends: a", "name: c, depends: a"))
    cluster.turn()
    cluster.end("a")
    cluster.turn()
    assert [cluster.state.nodes.of(i).display_name for i in cluster.node("a").children] == ["b", "c"]


def test_a_chain_may_be_longer_than_the_stack() -> None:
    """A thousand tasks in a row do not need a thousand calls in one another."""
    chain = ["name: t0", *(f"name: t{i}, depends: t{i - 1}" for i in range(1, 1000))]
    cluster = Cluster(dag(*chain))
    cluster.turn()
    assert cluster.running() == ["t0"]
    cluster.end("t0", "Failed")
    assert cluster.turn() == Verdict("Failed")
    assert cluster.node("t999").phase == "Omitted"


def test_parallelism_of_the_workflow() -> None:
    """spec.parallelism bounds the pods of all templates together."""
    cluster = Cluster(dag("name: a", "name: b", "name: c", more="parallelism: 2\n"))
    cluster.turn()
    assert len(cluster.running()) == 2
    cluster.end("a")
    cluster.turn()
    assert cluster.running() == ["b", "c"]


def test_parallelism_of_a_template() -> None:
    """A template's parallelism bounds its own children."""
    spec = dag("name: a, withItems: [1, 2, 3]").replace("  dag:", "  parallelism: 1\n  dag:")
    cluster = Cluster(spec)
    cluster.turn()
    assert cluster.running() == ["a(0:1)"]
    cluster.end("a(0:1)")
    cluster.turn()
    assert cluster.running() == ["a(1:2)"]


def test_backoff_waits_by_the_clock() -> None:
    """A retry starts once its backoff is over, which grows by its factor; the pass says when to look."""
    spec = dag("name: a").replace(
        "command: [x]}", 'command: [x]}, retryStrategy: {limit: 2, backoff: {duration: "10", factor: 2}}'
    )
    cluster = Cluster(spec)
    cluster.turn()
    cluster.end("a(0)", "Failed")
    cluster.turn()
    assert cluster.running() == []
    assert cluster.state.this_pass.wake_at == 1010.0
    assert cluster.node("a").message == "Backoff for 10 seconds"
    cluster.time = 1011.0
    cluster.turn()
    assert cluster.running() == ["a(1)"]
    cluster.end("a(1)", "Failed")
    cluster.turn()
    assert cluster.state.this_pass.wake_at == 1031.0


def test_a_suspension_ends_by_the_clock() -> None:
    """A suspend template of a duration is over when that has passed."""
    cluster = Cluster("entrypoint: main\ntemplates: [{name: main, suspend: {duration: 1m}}]")
    assert cluster.turn() is None
    assert cluster.state.this_pass.wake_at == 1060.0
    cluster.time = 1061.0
    assert cluster.turn() == Verdict("Succeeded")


def test_nothing_starts_after_the_deadline_but_exit_handlers() -> None:
    """Past the workflow's deadline a pending step fails and onExit still runs."""
    spec = dag("name: a", "name: b, depends: a", more="onExit: pod\n")
    cluster = Cluster(spec)
    cluster.state.deadline = 1005.0
    cluster.turn()
    cluster.time = 1006.0
    cluster.state.nodes.mark(cluster.node("a"), "Failed", "Step exceeded its deadline")
    assert cluster.turn() is None
    assert cluster.node("b").phase == "Omitted"
    assert cluster.running() == ["wf.onExit"]


def test_results_are_kept_only_when_read() -> None:
    """outputs.result costs something: a pod keeps it only if the template around it mentions it."""
    cluster = Cluster(
        dag("name: a", "name: b", 'name: c, depends: a, when: "{{tasks.a.outputs.result}} == 1"')
    )
    cluster.turn()
    kept = {cluster.state.nodes.of(i).display_name: order.keep_result for i, order in cluster.orders.items()}
    assert kept == {"a": True, "b": False}


def test_five_hundred_tasks_are_quick_to_look_at() -> None:
    """A pass over a large DAG in which nothing is new takes milliseconds."""

    cluster = Cluster(dag("name: a, withSequence: {count: 500}"))
    cluster.turn()
    began = time.process_time()
    for _ in range(10):
        cluster.turn()
    assert (time.process_time() - began) / 10 < 0.05


def test_retries_without_a_limit_end() -> None:
    """Attempts that fail at once, for ever, meet the bound on depth instead of hanging the runner."""
    cluster = Cluster(
        "entrypoint: main\ntemplates:\n- name: main\n  retryStrategy: {}\n"
        "  steps: [[{name: a, template: w, when: '1'}]]\n- {name: w, suspend: {}}"
    )
    verdict = cluster.turn()
    assert verdict is not None
    assert verdict.phase == "Error"
    assert "Maximum recursion depth exceeded" in verdict.message


def test_a_retried_exit_handler() -> None:
    """Attempts of a hook are hooks, too, and count as attempts."""
    spec = dag("name: a", more="onExit: bye\n") + (
        "- {name: bye, retryStrategy: {limit: 1}, container: {image: x, command: [x]}}\n"
    )
    cluster = Cluster(spec)
    cluster.turn()
    cluster.end("a")
    cluster.turn()
    cluster.end("wf.onExit(0)", "Failed")
    cluster.turn()
    assert cluster.running() == ["wf.onExit(1)"]
    cluster.end("wf.onExit(1)", "Failed")
    assert cluster.turn() == Verdict("Failed", "No more retries left")
