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
from argolane.workflow.local.reconciler.flow.loops import expand, expands, may_start
from argolane.workflow.local.reconciler.flow.references import resolve
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.steps.steps_pass import Step, StepsPass
from argolane.workflow.local.reconciler.template.evaluation import should_execute
from argolane.workflow.local.reconciler.template.types import continues_on


def execute_group(context: StepsPass, steps: list[Step], group: Node) -> None:
    """Start what can start; the group is over when all its steps are."""
    run = context.run
    if group.fulfilled and all(run.nodes.of(child).fulfilled for child in group.children):
        may_fail = run.settled.daemons.keys() & set(group.children)
        if not may_fail or run.nodes.all_over(group):  # A daemon may, and its group, while others run.
            return
    try:
        expanded = _expanded(context, steps, group)
    except WaitsForEver as waiting:
        run.this_pass.waits[group.name] = str(waiting)
        return
    except OperationError as error:
        run.nodes.mark_error(group, error)
        return
    started: dict[str, Step] = {}
    for step in expanded:
        if not _execute_step(context, step, group, started):
            return
    _finish(context, group, started)


def _execute_step(context: StepsPass, step: Step, group: Node, started: dict[str, Step]) -> bool:
    """False when the step's error ends the whole group."""
    run, call = context.run, context.call(group, step)
    node = run.nodes.named(call.name)
    if node is not None and node.fulfilled and node.type == "Skipped":
        return True
    try:
        if not should_execute(str(step.get("when") or "")):
            if node is None:
                _skip(context, step, group, f"when '{step['when']}' evaluated false")
            return True
    except OperationError as error:
        run.factory.initialize(call, "Skipped", "Error", str(error))
        run.nodes.link(group.name, call.name)
        run.nodes.mark_error(group, error)
        return False
    try:
        node = run.execute_call(run, call)
    except (ParallelismReached, MaxDepthExceeded):
        node = run.nodes.named(call.name)
    except TimeoutReached as error:
        run.nodes.link(group.name, call.name)
        run.nodes.mark(group, "Failed", str(error))
        return False
    except OperationError as error:
        run.nodes.link(group.name, call.name)
        run.nodes.mark_error(group, f"step group deemed errored due to child {call.name} error: {error}")
        return False
    if node is not None:
        started[call.name] = step
        run.nodes.link(group.name, call.name)
    return True


def _finish(context: StepsPass, group: Node, started: Mapping[str, Step]) -> None:
    run = context.run
    if group.fulfilled and group.unsuccessful:
        return  # failFast ended the group while its steps were looked at.
    complete = True
    children = [run.nodes.of(child) for child in group.children]
    for child in children:
        step = started.get(child.name, {})
        context.scope.set(f"steps.{child.display_name}.status", child.phase)
        hooks = context.hooks(step, child)
        try:
            if not hooks.named_over():
                return
        except OperationError as error:
            run.nodes.mark_error(group, error)
            return
        if not child.fulfilled or (child.completed and not hooks.exit_over()):
            complete = False
    if not complete:
        if group.fulfilled:
            run.nodes.mark(group, "Running")
        return
    for child in children:
        if child.unsuccessful and not continues_on(started.get(child.name, {}), child.phase):
            run.nodes.mark(group, "Failed", f"child '{child.id}' failed")
            return
    run.nodes.mark(group, "Succeeded")


def _expanded(context: StepsPass, steps: list[Step], group: Node) -> list[Step]:
    """The steps with what they refer to filled in, a loop's once for each item."""
    run = context.run
    known = run.settled.members.get(group.name)
    if known is not None:
        return known
    expanded: list[Step] = []
    for step in [_resolved(context, step) for step in steps]:
        if not expands(step):
            expanded.append(step)
            continue
        members = expand(step, context.scope.params(run.variables))
        if not members and run.nodes.named(context.call(group, step).name) is None:
            _skip(context, step, group, "Skipped, empty params")
        expanded.extend(members)
    run.settled.members[group.name] = expanded
    return expanded


def _resolved(context: StepsPass, step: Step) -> dict[str, Any]:
    """A step with the outputs of earlier groups filled in."""
    try:
        resolved = resolve(context.run, step, context.scope)
        artifacts = (resolved.get("arguments") or {}).get("artifacts")
        if artifacts and may_start(resolved):
            found = map(context.scope.argument_artifact, artifacts)
            resolved["arguments"]["artifacts"] = [artifact for artifact in found if artifact]
    except WaitsForEver:
        raise
    except OperationError as error:
        raise OperationError(f"Failed to resolve references: {error}") from None
    return resolved


def _skip(context: StepsPass, step: Step, group: Node, reason: str) -> None:
    call = context.call(group, step)
    context.run.factory.initialize(call, "Skipped", "Skipped", reason)
    context.run.nodes.link(group.name, call.name)
