"""A task of a DAG in this pass: over, still waiting for others, omitted, or carried on."""

from argolane.languages import depends
from argolane.workflow.local.reconciler.dag.dag_pass import DagPass
from argolane.workflow.local.reconciler.dag.members import execute_members
from argolane.workflow.local.reconciler.errors import (
    MaxDepthExceeded,
    OperationError,
    ParallelismReached,
    TimeoutReached,
)
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.types import STARTED


def execute_task(context: DagPass, name: str, node: Node | None) -> None:
    """Hooks of a node that runs or is over; the start of one that what it waits for allows."""
    if node is None:
        if _may_start(context, name):
            execute_members(context, name, None)
        return
    if node.fulfilled or node.phase == "Running":
        hooks_over = _settle(context, name, node)
        if not hooks_over or node.over:
            return
    started = node.type in STARTED and not node.waiting_for and context.run.ports.pod_exists(node.id)
    if not started:
        execute_members(context, name, node)


def _settle(context: DagPass, name: str, node: Node) -> bool:
    """Hooks of a task that runs or is over; False while one of them runs."""
    run, task = context.run, context.plan.tasks[name]
    if node.fulfilled:
        run.ports.locks.release(node.id)
    if not task.get("hooks") and not task.get("onExit"):
        return True
    try:
        hooks = context.hooks(name, node)
        if not hooks.named_over():
            return False
    except (ParallelismReached, MaxDepthExceeded, TimeoutReached):
        return False
    except OperationError as error:
        run.nodes.mark_error(node, error)
        return False
    try:
        if node.fulfilled and node.completed:
            hooks.exit_over()
    except (OperationError, ParallelismReached, MaxDepthExceeded, TimeoutReached):
        return False
    return True


def _may_start(context: DagPass, name: str) -> bool:
    """Whether what it waits for is over and `depends` holds; when it never will, the task is over."""
    dependencies = context.plan.dependencies[name]
    if not dependencies.logic:
        return True
    try:
        statuses = _statuses(context, name)
        if statuses is None:
            return False
        runs = dependencies.holds(statuses)
    except depends.DependsError as error:
        context.end(name, "Error", str(error))
        return False
    if not runs:
        context.end(name, "Omitted", "omitted: depends condition not met")
    return runs


def _statuses(context: DagPass, name: str) -> dict[str, set[str]] | None:
    """What holds for each task waited for; None while one is not over."""
    found = {}
    for up in context.plan.waits_for(name):
        node = context.task_node(up)
        if node is None or not node.fulfilled or not _hooks_over(context.run, node):
            return None
        holds = {"Errored" if node.phase == "Error" else node.phase}
        if node.daemoned:
            holds.add("Daemoned")
        if node.type == "TaskGroup":
            phases = [context.run.nodes.of(child).phase for child in node.children]
            if "Succeeded" in phases:
                holds.add("AnySucceeded")
            if phases and all(phase == "Failed" for phase in phases):
                holds.add("AllFailed")
        found[up] = holds
    return found


def _hooks_over(run: RunState, node: Node) -> bool:
    return all(not child.hooked or child.fulfilled for child in run.nodes.children(node))
