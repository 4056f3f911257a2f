"""A Steps template: groups one after another, the steps of a group together."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local import aggregates, execution, exporting, hooks, items, memory
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

Step = Mapping[str, Any]


def execute(
    op: Operation,
    name: str,
    holder: Mapping[str, Any],
    base: Base,
    inner: Base,
    template: Mapping[str, Any],
    options: Options,
) -> Node:
    """Carry on with the first group that is not over; the node fails with its first failed group."""
    node = op.nodes.named(name)
    if node is None:
        node = op.initialize(name, "Steps", holder, base, "Running", options, template=template)
    elif node.phase == "Pending":
        op.mark(node, "Running")
    scope = Scope(template)
    scope.add_outputs("workflow", op.outputs)
    previous: Node | None = None
    for index, group in enumerate(template["steps"]):
        current = _group_node(op, f"{name}[{index}]", node, inner)
        _connect(op, node, previous, current)
        over = _group(op, list(group or ()), current, node, inner, scope, options)
        if not over.fulfilled:
            return node
        if over.unsuccessful:
            _set_outbound(op, node, over)
            return op.mark(node, "Failed", over.message)
        for step in group or ():
            _add_outputs(op, step, over, node, inner, scope)
        previous = over
    if previous is not None:
        _set_outbound(op, node, previous)
    outputs = exporting.outputs_of(template, scope)
    if outputs is not None:
        node.outputs = outputs
        op.export(outputs)
    op.mark(node, "Succeeded")
    memory.keep(op, node)
    return node


def _group_node(op: Operation, name: str, node: Node, inner: Base) -> Node:
    group = op.nodes.named(name)
    if group is None:
        return op.initialize(name, "StepGroup", {}, inner, "Running", Options(boundary_id=node.id))
    return group


def _connect(op: Operation, node: Node, previous: Node | None, group: Node) -> None:
    if previous is None:
        op.nodes.link(node.name, group.name)
    elif not previous.children:
        op.nodes.link(previous.name, group.name)
    else:
        for child in previous.children:
            for end in op.outbound(op.nodes.of(child)):
                op.nodes.link(op.nodes.of(end).name, group.name)


def _set_outbound(op: Operation, node: Node, group: Node) -> None:
    op.nodes.changed(node)
    node.outbound = [end for child in group.children for end in op.outbound(op.nodes.of(child))]


def _add_outputs(op: Operation, step: Step, group: Node, node: Node, inner: Base, scope: Scope) -> None:
    name = f"{group.name}.{step['name']}"
    prefix = f"steps.{step['name']}"
    child = op.nodes.named(name)
    if child is not None:
        scope.add_node(prefix, child, op.last_attempt(child))
        if child.outputs is None and child.phase in ("Skipped", "Omitted"):
            scope.add_skipped(prefix, op.templates.find(step, inner)[0], artifacts=True)
        return
    members = [
        n
        for n in op.nodes
        if n.boundary_id == node.id and n.name.startswith(name + "(") and n.type != "Skipped"
    ]
    aggregates.check_template(members)
    aggregates.add(scope, prefix, members)
    scope.add_node(prefix, group, None)


def _group(
    op: Operation,
    group: list[Step],
    node: Node,
    owner: Node,
    inner: Base,
    scope: Scope,
    options: Options,
) -> Node:
    if node.fulfilled and all(op.nodes.of(child).fulfilled for child in node.children):
        return node
    try:
        steps = _expanded(op, group, node, owner, inner, scope)
    except WaitsForEver as waiting:
        op.waits[node.name] = str(waiting)
        return node
    except OperationError as error:
        return op.mark_error(node, error)
    started: dict[str, Step] = {}
    for step in steps:
        name = f"{node.name}.{step['name']}"
        existing = op.nodes.named(name)
        if existing is not None and existing.fulfilled and existing.type == "Skipped":
            continue
        try:
            if not should_execute(str(step.get("when") or "")):
                if existing is None:
                    reason = f"when '{step['when']}' evaluated false"
                    _skip(op, name, step, inner, owner, node, reason)
                continue
        except OperationError as error:
            op.initialize(name, "Skipped", step, inner, "Error", Options(boundary_id=owner.id), str(error))
            op.nodes.link(node.name, name)
            return op.mark_error(node, error)
        below = Options(boundary_id=owner.id, on_exit=options.on_exit)
        try:
            child = execution.execute(op, name, step, inner, step.get("arguments"), below)
        except (ParallelismReached, MaxDepthExceeded):
            child = op.nodes.named(name)
        except TimeoutReached as error:
            op.nodes.link(node.name, name)
            return op.mark(node, "Failed", str(error))
        except OperationError as error:
            op.nodes.link(node.name, name)
            return op.mark_error(node, f"step group deemed errored due to child {name} error: {error}")
        if child is not None:
            started[name] = step
            op.nodes.link(node.name, name)
    return _finish(op, node, owner, inner, scope, started)


def _finish(
    op: Operation, node: Node, owner: Node, inner: Base, scope: Scope, started: Mapping[str, Step]
) -> Node:
    if node.fulfilled and node.unsuccessful:
        return node  # failFast ended the group while its steps were looked at.
    complete = True
    children = [op.nodes.of(child) for child in node.children]
    for child in children:
        step = started.get(child.name, {})
        scope.set(f"steps.{child.display_name}.status", child.phase)
        prefix = f"steps.{step.get('name', '')}"
        if step.get("hooks"):
            try:
                over = hooks.run_named(op, step["hooks"], child, owner.id, inner, prefix, scope)
            except OperationError as error:
                op.mark_error(node, error)
                over = False
            if not over:
                return node
        if not child.fulfilled:
            complete = False
        elif child.completed and (step.get("hooks") or step.get("onExit")):
            has_exit, made = hooks.run_exit(op, step, child, owner.id, inner, prefix, scope)
            if has_exit and (made is None or not made.fulfilled):
                complete = False
    if not complete:
        return op.mark(node, "Running") if node.fulfilled else node
    for child in children:
        if child.unsuccessful and not continues_on(started.get(child.name, {}), child.phase):
            return op.mark(node, "Failed", f"child '{child.id}' failed")
    return op.mark(node, "Succeeded")


def continues_on(holder: Mapping[str, Any], phase: str) -> bool:
    """Whether `continueOn` covers the phase."""
    allowed = holder.get("continueOn") or {}
    return bool(allowed.get("failed" if phase == "Failed" else "error" if phase == "Error" else ""))


def _expanded(
    op: Operation, group: list[Step], node: Node, owner: Node, inner: Base, scope: Scope
) -> list[Step]:
    known = op.expanded.get(node.name)
    if known is not None:
        return known
    resolved = [resolve_step(op, step, scope) for step in group]
    expanded: list[Step] = []
    for step in resolved:
        if not items.expands(step):
            expanded.append(step)
            continue
        members = items.expand(step, scope.params(op.globals))
        if not members:
            name = f"{node.name}.{step['name']}"
            if op.nodes.named(name) is None:
                _skip(op, name, step, inner, owner, node, "Skipped, empty params")
        expanded.extend(members)
    op.expanded[node.name] = expanded
    return expanded


def resolve_step(op: Operation, step: Step, scope: Scope) -> dict[str, Any]:
    """A step with the outputs of earlier groups filled in."""
    try:
        resolved = resolve(op, step, scope)
    except WaitsForEver:
        raise
    except OperationError as error:
        raise OperationError(f"Failed to resolve references: {error}") from None
    artifacts = (resolved.get("arguments") or {}).get("artifacts")
    if artifacts:
        try:
            found = [a for a in map(scope.argument_artifact, artifacts) if a]
        except OperationError as error:
            raise OperationError(f"Failed to resolve references: {error}") from None
        resolved["arguments"]["artifacts"] = found
    return resolved


def _skip(op: Operation, name: str, step: Step, inner: Base, owner: Node, group: Node, reason: str) -> None:
    op.initialize(name, "Skipped", step, inner, "Skipped", Options(boundary_id=owner.id), reason)
    op.nodes.link(group.name, name)
