"""A DAG template: every pass goes from its targets up to what they wait for and starts what can start."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.expressions import depends
from argolane.workflow.local import assessment, execution, exporting, hooks, items, memory
from argolane.workflow.local.dagcontext import Context, add_outputs, scope_of
from argolane.workflow.local.dagplan import Task, plan_of
from argolane.workflow.local.errors import (
    MaxDepthExceeded,
    OperationError,
    ParallelismReached,
    TimeoutReached,
    WaitsForEver,
)
from argolane.workflow.local.nodes import Node
from argolane.workflow.local.operation import Operation, Options
from argolane.workflow.local.resolving import resolve
from argolane.workflow.local.scope import Scope
from argolane.workflow.local.substitution import should_execute
from argolane.workflow.local.templates import Base


def execute(
    op: Operation,
    name: str,
    holder: Mapping[str, Any],
    base: Base,
    inner: Base,
    template: Mapping[str, Any],
    options: Options,
) -> Node:
    """Start what can start, then see whether the targets decide the DAG's phase."""
    node = op.nodes.named(name)
    if node is None:
        node = op.initialize(name, "DAG", holder, base, "Running", options, template=template)
    elif node.phase == "Pending":
        op.mark(node, "Running")
    plan = op.plans.get(name)
    if plan is None or plan.tasks is None:
        plan = op.plans[name] = plan_of(template)
    context = Context(op, node, template, plan, inner, options)
    exits_over = True
    for task in plan.targets:
        _run(context, task)
        exits_over = _look_at_target(context, task) and exits_over
    if node.fulfilled:
        return node  # failFast ended the DAG while its tasks were looked at.
    stopped = bool(op.shutdown) and exits_over and not options.on_exit
    phase = assessment.phase_of(op, node, plan, template, stopped=stopped)
    if phase == "Running":
        return node
    if phase in ("Failed", "Error"):
        _set_outbound(context)
        return op.mark(node, phase)
    scope = Scope(template)
    for task in plan.tasks:
        child = context.task_node(task)
        if child is not None:
            add_outputs(context, scope, task, child)
            op.export(child.outputs)
    outputs = exporting.outputs_of(template, scope)
    if outputs is not None:
        node.outputs = outputs
    _set_outbound(context)
    op.mark(node, "Succeeded")
    memory.keep(op, node)
    return node


def _look_at_target(context: Context, task: str) -> bool:
    """Run a target's hooks; False while its exit handler still runs."""
    op, child = context.op, context.task_node(task)
    if child is None:
        return True
    definition = context.plan.tasks[task]
    if definition.get("hooks") or _has_loop_above(context, task):
        try:
            scope = scope_of(context, task)
            scope.set(f"tasks.{task}.status", child.phase)
            _named_hooks(context, definition, child, scope)
        except OperationError as error:
            op.mark_error(context.node, error)
            raise
    handler = op.nodes.named(f"{child.name}.onExit")
    return not (child.completed and handler is not None and not handler.fulfilled)


def _named_hooks(context: Context, task: Task, child: Node, scope: Scope) -> bool:
    prefix = f"tasks.{task['name']}"
    return hooks.run_named(
        context.op, task.get("hooks"), child, context.node.id, context.inner, prefix, scope
    )


def _has_loop_above(context: Context, task: str) -> bool:
    return any(items.expands(context.plan.tasks[name]) for name in context.plan.ancestors[task])


def _set_outbound(context: Context) -> None:
    ends = [context.task_node(task) for task in context.plan.targets]
    context.op.nodes.changed(context.node)
    context.node.outbound = [end for node in ends if node is not None for end in context.op.outbound(node)]


def _run(context: Context, task: str) -> None:
    """A task after what it waits for; depth-first without recursion, a DAG may be a long chain."""
    stack = [task]
    while stack:
        name = stack[-1]
        if name in context.visited:
            stack.pop()
            continue
        node = context.task_node(name)
        if node is None:
            waiting = [up for up in context.plan.dependencies[name].tasks if up not in context.visited]
            if waiting:
                stack.extend(reversed(waiting))
                continue
        stack.pop()
        context.visited.add(name)
        _run_one(context, name, node)


def _run_one(context: Context, name: str, node: Node | None) -> None:
    op, task = context.op, context.plan.tasks[name]
    if node is not None and (node.fulfilled or node.phase == "Running"):
        if not _settle(context, name, task, node):
            return
        if node.fulfilled:
            return
    if node is not None and node.type == "Pod" and not node.waiting_for and op.ports.pod_exists(node.id):
        return
    if node is None and context.plan.dependencies[name].logic:
        try:
            statuses = _statuses(context, name)
            if statuses is None:
                return
            runs = context.plan.dependencies[name].holds(statuses)
        except depends.DependsError as error:
            _end(context, name, task, "Error", str(error))
            return
        if not runs:
            _end(context, name, task, "Omitted", "omitted: depends condition not met")
            return
    _start(context, name, task, node)


def _settle(context: Context, name: str, task: Task, node: Node) -> bool:
    """Hooks of a task that runs or is over; False while one of them runs."""
    op = context.op
    if node.fulfilled:
        op.ports.locks.release(node.id)
    if not task.get("hooks") and not task.get("onExit"):
        return True
    try:
        scope = scope_of(context, name)
        scope.set(f"tasks.{name}.status", node.phase)
        if not _named_hooks(context, task, node, scope):
            return False
        if node.fulfilled and node.completed:
            hooks.run_exit(op, task, node, context.node.id, context.inner, f"tasks.{name}", scope)
    except (ParallelismReached, MaxDepthExceeded, TimeoutReached):
        return False
    except OperationError as error:
        if not node.fulfilled:
            op.mark_error(node, error)
        return False
    return True


def _statuses(context: Context, name: str) -> dict[str, set[str]] | None:
    """What holds for each task waited for; None while one is not over."""
    found = {}
    for up in context.plan.dependencies[name].tasks:
        node = context.task_node(up)
        if node is None or not node.fulfilled or not _hooks_over(context.op, node):
            return None
        word = "Errored" if node.phase == "Error" else node.phase
        holds = {word}
        if node.type == "TaskGroup":
            phases = [context.op.nodes.of(child).phase for child in node.children]
            if "Succeeded" in phases:
                holds.add("AnySucceeded")
            if phases and all(phase == "Failed" for phase in phases):
                holds.add("AllFailed")
        found[up] = holds
    return found


def _hooks_over(op: Operation, node: Node) -> bool:
    children = (op.nodes.get(child) for child in node.children)
    return all(child is None or not child.hooked or child.fulfilled for child in children)


def _end(context: Context, name: str, task: Task, phase: str, message: str) -> None:
    full = f"{context.node.name}.{name}"
    context.op.initialize(full, "Skipped", task, context.inner, phase, context.below(), message)
    _connect(context, name, full, None)


def _connect(context: Context, name: str, node_name: str, group: Node | None) -> None:
    op = context.op
    if group is not None:
        op.nodes.link(group.name, node_name)
        return
    dependencies = context.plan.dependencies[name].tasks
    if not dependencies:
        op.nodes.link(context.node.name, node_name)
    for up in dependencies:
        before = context.task_node(up)
        for end in op.outbound(before) if before is not None else ():
            op.nodes.link(op.nodes.of(end).name, node_name)


def _start(context: Context, name: str, task: Task, node: Node | None) -> None:
    op = context.op
    full = f"{context.node.name}.{name}"
    group = node if node is not None and node.type == "TaskGroup" else None
    members: list[Task] | None = op.expanded.get(full)
    if members is None:
        try:
            scope = scope_of(context, name)
            resolved = _resolved(context, task, scope)
            params = scope.params(op.globals) if items.expands(resolved) else {}
            members = list(items.expand(resolved, params))
        except WaitsForEver as waiting:
            op.waits[full] = str(waiting)
            return
        except OperationError as error:
            _end(context, name, task, "Error", str(error))
            return
        op.expanded[full] = members
    if items.expands(task):
        if not members:
            _end(context, name, task, "Skipped", "Skipped, empty params")
            return
        if group is None:
            _connect(context, name, full, None)
            group = op.initialize(full, "TaskGroup", task, context.inner, "Running", context.below())
    for member in members:
        if not _start_member(context, name, task, member, group):
            return
    if group is not None:
        _close_group(context, group, members)


def _resolved(context: Context, task: Task, scope: Scope) -> dict[str, Any]:
    resolved = resolve(context.op, task, scope)
    artifacts = (resolved.get("arguments") or {}).get("artifacts")
    if artifacts:
        found = []
        for artifact in artifacts:
            if artifact.get("from") or artifact.get("fromExpression"):
                try:
                    artifact = scope.resolve_artifact(artifact)
                except OperationError as error:
                    if artifact.get("optional") and "Unable to resolve" in str(error):
                        continue
                    raise
            found.append(artifact)
        resolved["arguments"]["artifacts"] = found
    return resolved


def _start_member(context: Context, name: str, task: Task, member: Task, group: Node | None) -> bool:
    """False when the other members have to wait for the next pass, as in Argo."""
    op = context.op
    full = f"{context.node.name}.{member['name']}"
    node = op.nodes.named(full)
    if node is None or node is group:
        _connect(context, name, full, group)
        try:
            runs = should_execute(str(member.get("when") or ""))
        except OperationError as error:
            op.initialize(full, "Skipped", task, context.inner, "Error", context.below(), str(error))
            return True
        if not runs:
            reason = f"when '{member['when']}' evaluated false"
            op.initialize(full, "Skipped", task, context.inner, "Skipped", context.below(), reason)
            return True
    try:
        node = execution.execute(op, full, member, context.inner, member.get("arguments"), context.below())
    except (ParallelismReached, MaxDepthExceeded):
        node = op.nodes.named(full)
    except TimeoutReached as error:
        op.mark(op.nodes.of(op.nodes.id_of(full)), "Failed", str(error))
        return False
    except OperationError as error:
        op.mark_error(op.nodes.of(op.nodes.id_of(full)), f"task '{full}' errored: {error}")
        return False
    if node is None:
        return False
    if node.completed and (task.get("hooks") or task.get("onExit")):
        try:
            scope = scope_of(context, name)
            scope.set(f"tasks.{name}.status", node.phase)
            has_exit, made = hooks.run_exit(
                op, task, node, context.node.id, context.inner, f"tasks.{name}", scope
            )
        except (OperationError, ParallelismReached, MaxDepthExceeded, TimeoutReached):
            return False
        if has_exit and (made is None or not made.fulfilled):
            return False
    return True


def _close_group(context: Context, group: Node, members: list[Task]) -> None:
    phase = "Succeeded"
    for member in members:
        node = context.task_node(str(member["name"]))
        if node is None or not node.fulfilled:
            return
        if node.unsuccessful:
            phase = node.phase
    context.op.mark(group, phase)
