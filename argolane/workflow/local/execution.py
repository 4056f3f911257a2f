"""A template called by a step, a task or a hook in, its node out: made, carried on or found to be over.

The heart of the reconciler. The order of the checks is Argo's: fulfilled, timeout, parallelism, locks,
memory, retries, then the template's own kind.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from argolane.workflow.local import arguments, dag, leaves, memory, retrying, steps
from argolane.workflow.local.errors import (
    MaxDepthExceeded,
    OperationError,
    Postponed,
    TimeoutReached,
)
from argolane.workflow.local.limits import check_parallelism
from argolane.workflow.local.nodes import Node
from argolane.workflow.local.operation import MAX_DEPTH, Operation, Options
from argolane.workflow.local.podnames import pod_name
from argolane.workflow.local.templates import POD_TYPES, Base, type_of
from argolane.workflow.local.values import go_duration


def execute(
    op: Operation,
    name: str,
    holder: Mapping[str, Any],
    base: Base,
    args: Mapping[str, Any] | None,
    options: Options,
) -> Node | None:
    """The node of a template called with arguments; None when it cannot be made yet."""
    node = op.nodes.named(name)
    if node is not None and node.fulfilled:
        op.ports.locks.release(node.id)
        return node
    op.depth += 1
    try:
        return _execute(op, name, node, holder, base, args, options)
    finally:
        op.depth -= 1


def _execute(
    op: Operation,
    name: str,
    node: Node | None,
    holder: Mapping[str, Any],
    base: Base,
    args: Mapping[str, Any] | None,
    options: Options,
) -> Node | None:
    if op.depth >= MAX_DEPTH:
        failed = op.error_node(name, holder, base, options, MaxDepthExceeded())
        raise MaxDepthExceeded(failed)
    try:
        template, inner = _processed(op, name, holder, base, args, options)
    except OperationError as error:
        op.error_node(name, holder, base, options, error)
        raise
    _check_timeout(op, node, template)
    check_parallelism(op, template, node, options.boundary_id)
    unlocked = False
    if template.get("synchronization"):
        acquired, waiting = _lock(op, name, node, holder, base, template, options)
        if not acquired:
            return waiting
        node, unlocked = waiting, True
    if template.get("memoize") and (node is None or unlocked):
        node = memory.recall(op, name, node, holder, base, template, options)
        if node.fulfilled:
            op.ports.locks.release(node.id)
            return node
    strategy = retrying.strategy_of(op, template)
    if strategy is not None:
        return _with_retries(op, name, node, holder, base, inner, args, template, strategy, options)
    return _run(op, name, holder, base, inner, template, options)


def _processed(
    op: Operation,
    name: str,
    holder: Mapping[str, Any],
    base: Base,
    args: Mapping[str, Any] | None,
    options: Options,
) -> tuple[Mapping[str, Any], Base]:
    known = op.processed.get(name)
    if known is not None and known[2] == op.globals_version:
        return known[0], known[1]
    resolved, inner = op.templates.resolve(holder, base)
    op.remember_source(op.nodes.id_of(name), resolved)
    kind = type_of(resolved)
    locals_ = {"node.name": name, f"{options.kind}s.name": str(holder.get("name") or "")}
    retries = retrying.strategy_of(op, resolved)
    if kind in POD_TYPES and retries is None:
        locals_["pod.name"] = pod_name(op.name, name, str(resolved.get("name") or ""))
    template = arguments.process(resolved, args, op.globals, locals_, op.ports.config_map)
    op.processed[name] = (template, inner, op.globals_version)
    return template, inner


def _check_timeout(op: Operation, node: Node | None, template: Mapping[str, Any]) -> None:
    """A node that is still pending when its template's `timeout` is over has failed."""
    if node is None or not template.get("timeout") or node.started_at is None:
        return
    try:
        over = node.started_at + go_duration(str(template["timeout"]))
    except ValueError as error:
        problem = OperationError(f"invalid timeout format. {error}")
        op.mark(node, "Failed", str(problem))
        raise problem from None
    if node.phase == "Pending":
        if op.ports.now() > over:
            op.mark(node, "Failed", str(TimeoutReached()))
            raise TimeoutReached
        op.wake(over)


def _lock(
    op: Operation,
    name: str,
    node: Node | None,
    holder: Mapping[str, Any],
    base: Base,
    template: Mapping[str, Any],
    options: Options,
) -> tuple[bool, Node | None]:
    try:
        acquired, missing, message = op.ports.locks.try_acquire(
            op.nodes.id_of(name), template["synchronization"]
        )
    except OperationError as error:
        op.error_node(name, holder, base, options, error)
        raise
    if acquired:
        if node is not None and node.waiting_for:
            node.waiting_for, node.message = "", ""
        return True, node
    if node is None:
        kind = leaves.node_type(template)
        node = op.initialize(name, kind, holder, base, "Pending", options, template=template)
    node.waiting_for, node.message = missing, message
    op.nodes.changed(node)
    op.wake(op.ports.now() + 0.2)
    return False, node


def _with_retries(
    op: Operation,
    name: str,
    node: Node | None,
    holder: Mapping[str, Any],
    base: Base,
    inner: Base,
    args: Mapping[str, Any] | None,
    template: Mapping[str, Any],
    strategy: Mapping[str, Any],
    options: Options,
) -> Node | None:
    parent = node or op.initialize(name, "Retry", holder, base, "Running", options, template=template)
    if parent.type == "Retry" and parent.phase == "Pending":
        op.mark(parent, "Running")
    options = Options(
        options.boundary_id, options.on_exit, options.deadline, options.hooked, True, options.kind
    )
    child: Node | None = None
    for turn in itertools.count():
        if op.depth + turn >= MAX_DEPTH:  # Attempts that are over at once, without a limit.
            op.mark_error(parent, MaxDepthExceeded())
            raise MaxDepthExceeded
        try:
            goes_on = retrying.assess(op, parent, strategy, options)
        except OperationError as error:
            op.mark_error(parent, error)
            if child is not None:  # An attempt that was over at once gets the blame as well.
                op.mark_error(child, error)
            raise
        if not goes_on:
            return parent
        attempts = op.attempts(parent)
        last = attempts[-1] if attempts else None
        if parent.fulfilled and op.children_fulfilled(parent):
            if last is not None:
                parent.outputs = last.outputs
            op.ports.locks.release(parent.id)
            return parent
        number = len(attempts)
        if last is not None and not last.fulfilled:
            child_name, number = last.name, number - 1
        else:
            child_name = f"{name}({number})"
            op.nodes.link(name, child_name)
        child = _attempt(op, child_name, number, last, holder, base, inner, template, options)
        if child is None or not child.fulfilled or parent.fulfilled:
            return parent
    raise AssertionError("unreachable")


def _attempt(
    op: Operation,
    name: str,
    number: int,
    last: Node | None,
    holder: Mapping[str, Any],
    base: Base,
    inner: Base,
    template: Mapping[str, Any],
    options: Options,
) -> Node | None:
    running = op.nodes.named(name)
    known = op.processed.get(name)
    try:
        if running is not None and known is not None:
            attempt = known[0]
        else:
            locals_ = retrying.tags(number, last)
            if type_of(template) in POD_TYPES:
                locals_["pod.name"] = pod_name(op.name, name, str(template.get("name") or ""))
            attempt = arguments.substitute_params(template, op.globals, locals_)
            op.processed[name] = (attempt, inner, op.globals_version)
    except OperationError as error:
        op.error_node(name, holder, base, options, error)
        raise
    source = op.node_template(op.nodes.of(op.nodes.id_of(_parent(name))))
    if source is not None:
        op.remember_source(op.nodes.id_of(name), source)
    try:
        return _run(op, name, holder, base, inner, attempt, options)
    except OperationError:
        strategy = retrying.strategy_of(op, template) or {}
        if retrying.policy(strategy) not in ("Always", "OnError", "OnTransientError"):
            raise
        return op.nodes.named(name)


def _parent(attempt: str) -> str:
    return attempt[: attempt.rindex("(")]


def _run(
    op: Operation,
    name: str,
    holder: Mapping[str, Any],
    base: Base,
    inner: Base,
    template: Mapping[str, Any],
    options: Options,
) -> Node | None:
    kind = type_of(template)
    node: Node | None
    try:
        if kind == "steps":
            node = steps.execute(op, name, holder, base, inner, template, options)
        elif kind == "dag":
            node = dag.execute(op, name, holder, base, inner, template, options)
        elif kind == "suspend":
            node = leaves.suspend(op, name, holder, base, template, options)
        else:
            node = leaves.pod(op, name, holder, base, template, options)
    except Postponed:
        raise
    except OperationError as error:
        op.ports.locks.release(op.error_node(name, holder, base, options, error).id)
        raise
    if node is not None and node.fulfilled:
        op.ports.locks.release(node.id)
    return node
