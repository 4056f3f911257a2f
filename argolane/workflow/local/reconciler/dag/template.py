"""A DAG template: every pass goes from its targets up to what they wait for and starts what can start."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.reconciler import memory
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.dag import assessment
from argolane.workflow.local.reconciler.dag.dag_pass import DagPass
from argolane.workflow.local.reconciler.dag.plan import plan_of
from argolane.workflow.local.reconciler.dag.task import execute_task
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow.outputs import outputs_of
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.lookup import TemplateSource


def execute_dag(run: RunState, call: Call, inner: TemplateSource, template: Mapping[str, Any]) -> Node:
    """Start what can start, then see whether the targets decide the DAG's phase."""
    node = run.factory.begin(call, "DAG", template)
    plan = run.cache.plan(call.name, template, plan_of)
    context = DagPass(run, node, template, plan, inner, call.on_exit)
    for name in plan.tasks:
        task = context.task_node(name)
        if task is not None and task.daemoned:
            _run(context, name)  # No target leads to it any more, but it may need another attempt.
    exits_over = True
    for target in plan.targets:
        _run(context, target)
        exits_over = _look_at_target(context, target) and exits_over
    if node.fulfilled:
        return node  # failFast ended the DAG while its tasks were looked at.
    stopped = bool(run.shutdown) and exits_over and not call.on_exit
    phase = assessment.phase_of(run, node, plan, template, stopped=stopped)
    if phase == "Running":
        return node
    if phase == "Succeeded":
        _export(context)
    _set_outbound(context)
    run.nodes.mark(node, phase)
    memory.keep(run, node)
    return node


def _run(context: DagPass, target: str) -> None:
    """A task after what it waits for; depth-first without recursion, a DAG may be a long chain."""
    stack = [target]
    while stack:
        name = stack[-1]
        if name in context.visited:
            stack.pop()
            continue
        node = context.task_node(name)
        if node is None:
            waiting = [up for up in context.plan.waits_for(name) if up not in context.visited]
            if waiting:
                stack.extend(reversed(waiting))
                continue
        stack.pop()
        context.visited.add(name)
        execute_task(context, name, node)


def _look_at_target(context: DagPass, target: str) -> bool:
    """Run a target's hooks; False while its exit handler still runs."""
    run, node = context.run, context.task_node(target)
    if node is None:
        return True
    if context.plan.tasks[target].get("hooks") or context.plan.has_loop_above(target):
        try:
            context.hooks(target, node).named_over()
        except OperationError as error:
            run.nodes.mark_error(context.node, error)
            raise
    handler = run.nodes.named(f"{node.name}.onExit")
    return not (node.completed and handler is not None and not handler.fulfilled)


def _export(context: DagPass) -> None:
    """The outputs of the DAG itself, and those of its tasks that have a globalName."""
    scope = Scope(context.template)
    for name in context.plan.tasks:
        node = context.task_node(name)
        if node is not None:
            context.add_outputs(scope, name, node)
            context.run.export(node.outputs)
    outputs = outputs_of(context.template, scope)
    if outputs is not None:
        context.node.outputs = outputs


def _set_outbound(context: DagPass) -> None:
    ends = [context.task_node(target) for target in context.plan.targets]
    context.run.nodes.changed(context.node)
    context.node.outbound = [
        end for node in ends if node is not None for end in context.run.nodes.outbound(node)
    ]
