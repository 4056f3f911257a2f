"""A task that may start in, its nodes out: one, or the members of its loop below a TaskGroup."""

from typing import Any

from argolane.workflow.local.reconciler.dag.dag_pass import DagPass
from argolane.workflow.local.reconciler.dag.plan import Task
from argolane.workflow.local.reconciler.errors import (
    MaxDepthExceeded,
    OperationError,
    ParallelismReached,
    TimeoutReached,
    Unresolved,
    WaitsForEver,
)
from argolane.workflow.local.reconciler.flow.loops import expand, expands, may_start
from argolane.workflow.local.reconciler.flow.references import resolve
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.template.evaluation import should_execute


def execute_members(context: DagPass, name: str, node: Node | None) -> None:
    """Carry on with every member; the loop is over when all of them are."""
    members = _expanded(context, name)
    if members is None:
        return
    group = node if node is not None and node.type == "TaskGroup" else None
    task = context.plan.tasks[name]
    if expands(task):
        if not members:
            context.end(name, "Skipped", "Skipped, empty params")
            return
        if group is None:
            call = context.call(name, task)
            context.connect(name, call.name)
            group = context.run.factory.initialize(call, "TaskGroup", "Running")
    for member in members:
        if not _execute_member(context, name, member, group):
            return
    if group is not None:
        _close_group(context, group, members)


def _expanded(context: DagPass, name: str) -> list[Task] | None:
    """The task with its references filled in, once for each item; None when that cannot be said."""
    run, full = context.run, f"{context.node.name}.{name}"
    members: list[Task] | None = run.settled.members.get(full)
    if members is None:
        try:
            scope = context.scope_of(name)
            resolved = _resolved(context, context.plan.tasks[name], scope)
            params = scope.params(run.variables) if expands(resolved) else {}
            members = run.settled.members[full] = list(expand(resolved, params))
        except WaitsForEver as waiting:
            run.this_pass.waits[full] = str(waiting)
        except OperationError as error:
            context.end(name, "Error", str(error))
    return members


def _resolved(context: DagPass, task: Task, scope: Scope) -> dict[str, Any]:
    resolved = resolve(context.run, task, scope)
    artifacts = (resolved.get("arguments") or {}).get("artifacts")
    if artifacts and may_start(resolved):
        found = []
        for artifact in artifacts:
            if artifact.get("from") or artifact.get("fromExpression"):
                try:
                    artifact = scope.resolve_artifact(artifact)
                except Unresolved:
                    if artifact.get("optional"):
                        continue
                    raise
            found.append(artifact)
        resolved["arguments"]["artifacts"] = found
    return resolved


def _execute_member(context: DagPass, name: str, member: Task, group: Node | None) -> bool:
    """False when the other members have to wait for the next pass, as in Argo."""
    run, task, call = context.run, context.plan.tasks[name], context.call(str(member["name"]), member)
    node = run.nodes.named(call.name)
    if node is None or node is group:
        context.connect(name, call.name, group)
        ended = _decided(member)
        if ended is not None:
            run.factory.initialize(context.call(str(member["name"]), task), "Skipped", *ended)
            return True
    try:
        node = run.execute_call(run, call)
    except (ParallelismReached, MaxDepthExceeded):
        node = run.nodes.named(call.name)
    except TimeoutReached as error:
        run.nodes.mark(run.nodes.of(run.nodes.id_of(call.name)), "Failed", str(error))
        return False
    except OperationError as error:
        run.nodes.mark_error(run.nodes.of(run.nodes.id_of(call.name)), f"task '{call.name}' errored: {error}")
        return False
    if node is None:
        return False
    if node.completed and (task.get("hooks") or task.get("onExit")):
        try:
            return context.hooks(name, node).exit_over()
        except (OperationError, ParallelismReached, MaxDepthExceeded, TimeoutReached):
            return False
    return True


def _decided(member: Task) -> tuple[str, str] | None:
    """Phase and message of a member that `when` keeps from starting."""
    try:
        if should_execute(str(member.get("when") or "")):
            return None
    except OperationError as error:
        return "Error", str(error)
    return "Skipped", f"when '{member['when']}' evaluated false"


def _close_group(context: DagPass, group: Node, members: list[Task]) -> None:
    phase = "Succeeded"
    for member in members:
        node = context.task_node(str(member["name"]))
        if node is None or not node.fulfilled:
            return
        if node.unsuccessful:
            phase = node.phase
    context.run.nodes.mark(group, phase)
