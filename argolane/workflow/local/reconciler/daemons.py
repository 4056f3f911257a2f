"""Daemons: pods that run while the template around them does, as Argo's controller sees them.

One that is up and ready counts as fulfilled, though it is Running: what waits for it goes on. It ends, and
has Succeeded, with the DAG or Steps template that called it.
"""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.ports import PodResult
from argolane.workflow.local.reconciler.state.run_state import RunState

# What a node has to say while the containers of its pod are not ready.
_NOT_READY = "PodInitializing"


def is_daemon(template: Mapping[str, Any] | None) -> bool:
    """Whether the pod of a template is one."""
    return bool((template or {}).get("daemon"))


def ready(run: RunState, node: Node, address: str) -> None:
    """Its containers are up: others may go on, and reach it at the address."""
    if node.over:
        return
    node.daemoned, node.pod_ip = True, address
    run.settled.daemons[node.id] = None
    run.nodes.changed(node)
    run.nodes.mark(node, "Running", "")


def end(run: RunState, boundary_id: str | None = None) -> None:
    """The template of this node is over, or the whole workflow is, and so are its daemons."""
    for node in [run.nodes.of(node_id) for node_id in run.settled.daemons]:
        if node.daemoned and boundary_id in (None, node.boundary_id):
            if node.type == "Pod":
                run.ports.end_pod(node.id)
            node.daemoned = False
            run.nodes.mark(node, "Succeeded")


def judged(run: RunState, node: Node, result: PodResult) -> tuple[str, str]:
    """Phase and message of a pod that is over: a daemon that ends by itself has failed."""
    if result.phase != "Succeeded" or not is_daemon(run.settled.template_of(node.id)):
        return result.phase, result.message
    return "Failed", _NOT_READY if node.phase == "Pending" else ""
