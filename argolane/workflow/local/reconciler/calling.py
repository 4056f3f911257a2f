"""A template called by a step, a task or a hook in, its node out: made, carried on or found to be over.

The heart of the reconciler. The order of the checks is Argo's: fulfilled, timeout, parallelism, locks,
memory, retries, then the template's own kind.
"""

from collections.abc import Mapping
from typing import Any

from argolane.languages.values import go_duration
from argolane.workflow.local.reconciler import kinds, memory
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import MaxDepthExceeded, OperationError, TimeoutReached
from argolane.workflow.local.reconciler.limits import MAX_DEPTH, check_parallelism
from argolane.workflow.local.reconciler.nodes.naming import pod_name
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.ports import ASK_FOR_LOCK
from argolane.workflow.local.reconciler.retry.attempts import execute_attempts
from argolane.workflow.local.reconciler.retry.strategy import strategy_of
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template import inputs
from argolane.workflow.local.reconciler.template.lookup import TemplateSource
from argolane.workflow.local.reconciler.template.types import POD_TYPES, node_type, type_of


def execute_call(run: RunState, call: Call) -> Node | None:
    """The node of a template called with arguments; None when it cannot be made yet."""
    node = run.nodes.named(call.name)
    if node is not None and node.over:
        run.ports.locks.release(node.id)
        return node
    run.this_pass.depth += 1
    try:
        return _unless_over(run, call, node)
    finally:
        run.this_pass.depth -= 1


def _unless_over(run: RunState, call: Call, node: Node | None) -> Node | None:
    if run.this_pass.depth >= MAX_DEPTH:
        failed = run.factory.error_node(call, MaxDepthExceeded())
        raise MaxDepthExceeded(failed)
    try:
        template, inner = run.cache.filled(call.name, lambda: _filled(run, call))
    except OperationError as error:
        run.factory.error_node(call, error)
        raise
    _check_timeout(run, node, template)
    check_parallelism(run, template, node, call.boundary_id)
    if template.get("synchronization"):
        waiting = _wait_for_lock(run, call, node, template)
        if waiting is not None:
            return waiting
    if template.get("memoize") and (node is None or template.get("synchronization")):
        node = memory.recall(run, call, node, template)
        if node.fulfilled:
            run.ports.locks.release(node.id)
            return node
    strategy = strategy_of(run, template)
    if strategy is not None:
        return execute_attempts(run, call, inner, template, strategy)
    return kinds.execute_template(run, call, inner, template)


def _filled(run: RunState, call: Call) -> tuple[Mapping[str, Any], TemplateSource]:
    """The template with its arguments filled in, and the base for the names inside it."""
    resolved, inner = run.templates.resolve(call.holder, call.base)
    run.settled.remember_template(run.nodes.id_of(call.name), resolved)
    locals_ = {"node.name": call.name, f"{call.kind}s.name": str(call.holder.get("name") or "")}
    if type_of(resolved) in POD_TYPES and strategy_of(run, resolved) is None:
        locals_["pod.name"] = pod_name(run.name, call.name, str(resolved.get("name") or ""))
    template = inputs.fill_in(resolved, call.arguments, run.variables, locals_, run.ports.config_map)
    return template, inner


def _check_timeout(run: RunState, node: Node | None, template: Mapping[str, Any]) -> None:
    """A node that is still pending when its template's `timeout` is over has failed."""
    if node is None or not template.get("timeout") or node.started_at is None:
        return
    try:
        over = node.started_at + go_duration(str(template["timeout"]))
    except ValueError as error:
        problem = OperationError(f"invalid timeout format. {error}")
        run.nodes.mark(node, "Failed", str(problem))
        raise problem from None
    if node.phase == "Pending":
        if run.ports.now() > over:
            run.nodes.mark(node, "Failed", str(TimeoutReached()))
            raise TimeoutReached
        run.this_pass.wake(over)


def _wait_for_lock(run: RunState, call: Call, node: Node | None, template: Mapping[str, Any]) -> Node | None:
    """The node that waits for a mutex or semaphore; None once it has them all."""
    wanted = template["synchronization"]
    try:
        acquired, missing, message = run.ports.locks.try_acquire(run.nodes.id_of(call.name), wanted)
    except OperationError as error:
        run.factory.error_node(call, error)
        raise
    if acquired:
        if node is not None and node.waiting_for:
            node.waiting_for, node.message = "", ""
        return None
    if node is None:
        node = run.factory.initialize(call, node_type(template), "Pending", template=template)
    node.waiting_for, node.message = missing, message
    run.nodes.changed(node)
    run.this_pass.wake(run.ports.now() + ASK_FOR_LOCK)
    return node
