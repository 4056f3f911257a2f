"""The reconciler alone: nodes and decisions, with no process anywhere."""

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


class SimulatedRun:
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
        self._end(self.node(name), phase, message, outputs)

    def _end(self, node: Node, phase: str, message: str, outputs: Mapping[str, Any]) -> None:
        code = "0" if phase == "Succeeded" else "1"
        result = PodResult(phase, message, {"exitCode": code, **outputs}, self.time, self.time)
        reconcile.finished(self.state, node, result)

    def end_last(self, name: str, phase: str = "Succeeded") -> None:
        """The newest of several nodes of a name, as those of a second attempt are."""
        newest = [node for node in self.state.nodes if node.display_name == name][-1]
        self._end(newest, phase, "", {})

    def node(self, name: str) -> Node:
        return next(node for node in self.state.nodes if node.display_name == name)


POD = "- {name: pod, container: {image: x, command: [x]}}\n"


def dag(*tasks: str, more: str = "") -> str:
    listed = "".join(f"    - {{template: pod, {task}}}\n" for task in tasks)
    return f"entrypoint: main\n{more}templates:\n- name: main\n  dag:\n    tasks:\n{listed}{POD}"


def attempts(*ends: tuple[str, str]) -> list[Node]:
    """Attempts that ended one second after they began, a minute apart, as (phase, message)."""
    return [
        Node(
            id=str(number),
            name=f"wf.a({number})",
            display_name=f"a({number})",
            type="Pod",
            template_name="pod",
            phase=phase,
            message=message,
            started_at=1000.0 + 60 * number,
            finished_at=1001.0 + 60 * number,
            retried=True,
        )
        for number, (phase, message) in enumerate(ends)
    ]
