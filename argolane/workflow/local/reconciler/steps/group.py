"""A group of steps that run together in, its node Running or over out."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.reconciler.errors import (
    MaxDepthExceeded,
    OperationError,
    ParallelismReached,
    TimeoutReached,
    WaitsForEver,
)
from argolane.workflow.local.reconciler.flow.loops import expand, expands
from argolane.workflow.local.reconciler.flow.references import resolve
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.steps.context import Context, Step
from argolane.workflow.local.reconciler.template.evaluation import should_execute
from argolane.workflow.local.reconciler.template.lookup import continues_on


def execute_group(context: Context, steps: list[Step], group: Node) -> None:
    """Start what can start; the group is over when all its steps are."""
    op = context.op
    if group.fulfilled and all(op.nodes.of(child).fulfilled for child in group.children):
        return
    try:
        expanded = _expanded(context, steps, group)
    except WaitsForEver as waiting:
        op.waits[group.name] = str(waiting)
        return
    except OperationError as error:
        op.mark_error(group, error)
        return
    started: dict[str, Step] = {}
    for step in expanded:
        if not _execute_step(context, step, group, started):
            return
    _finish(context, group, started)


def _execute_step(context: Context, step: Step, group: Node, started: dict[str, Step]) -> bool:
    """False when the step's error ends the whole group."""
    op, call = context.op, context.call(group, step)
    node = op.nodes.named(call.name)
    if node is not None and node.fulfilled and node.type == "Skipped":
        return True
    try:
        if not should_execute(str(step.get("when") or "")):
            if node is None:
                _skip(context, step, group, f"when '{step['when']}' evaluated false")
            return True
    except OperationError as error:
        op.initialize(call, "Skipped", "Error", str(error))
        op.nodes.link(group.name, call.name)
        op.mark_error(group, error)
        return False
    try:
        node = op.execute_call(op, call)
    except (ParallelismReached, MaxDepthExceeded):
        node = op.nodes.named(call.name)
    except TimeoutReached as error:
        op.nodes.link(group.name, call.name)
        op.mark(group, "Failed", str(error))
        return False
    except OperationError as error:
        op.nodes.link(group.name, call.name)
        op.mark_error(group, f"step group deemed errored due to child {call.name} error: {error}")
        return False
    if node is not None:
        started[call.name] = step
        op.nodes.link(group.name, call.name)
    return True


def _finish(context: Context, group: Node, started: Mapping[str, Step]) -> None:
    op = context.op
    if group.fulfilled and group.unsuccessful:
        return  # failFast ended the group while its steps were looked at.
    complete = True
    children = [op.nodes.of(child) for child in group.children]
    for child in children:
        step = started.get(child.name, {})
        context.scope.set(f"steps.{child.display_name}.status", child.phase)
        hooks = context.hooks(step, child)
        try:
            if not hooks.named_over():
                return
        except OperationError as error:
            op.mark_error(group, error)
            return
        if not child.fulfilled or (child.completed and not hooks.exit_over()):
            complete = False
    if not complete:
        if group.fulfilled:
            op.mark(group, "Running")
        return
    for child in children:
        if child.unsuccessful and not continues_on(started.get(child.name, {}), child.phase):
            op.mark(group, "Failed", f"child '{child.id}' failed")
            return
    op.mark(group, "Succeeded")


def _expanded(context: Context, steps: list[Step], group: Node) -> list[Step]:
    """The steps with what they refer to filled in, a loop's once for each item."""
    op = context.op
    known = op.expanded.get(group.name)
    if known is not None:
        return known
    expanded: list[Step] = []
    for step in [_resolved(context, step) for step in steps]:
        if not expands(step):
            expanded.append(step)
            continue
        members = expand(step, context.scope.params(op.globals))
        if not members and op.nodes.named(context.call(group, step).name) is None:
            _skip(context, step, group, "Skipped, empty params")
        expanded.extend(members)
    op.expanded[group.name] = expanded
    return expanded


def _resolved(context: Context, step: Step) -> dict[str, Any]:
    """A step with the outputs of earlier groups filled in."""
    try:
        resolved = resolve(context.op, step, context.scope)
        artifacts = (resolved.get("arguments") or {}).get("artifacts")
        if artifacts:
            found = map(context.scope.argument_artifact, artifacts)
            resolved["arguments"]["artifacts"] = [artifact for artifact in found if artifact]
    except WaitsForEver:
        raise
    except OperationError as error:
        raise OperationError(f"Failed to resolve references: {error}") from None
    return resolved


def _skip(context: Context, step: Step, group: Node, reason: str) -> None:
    call = context.call(group, step)
    context.op.initialize(call, "Skipped", "Skipped", reason)
    context.op.nodes.link(group.name, call.name)
