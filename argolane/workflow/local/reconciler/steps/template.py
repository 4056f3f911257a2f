"""A Steps template: groups one after another, the steps of a group together."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.reconciler import memory
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow import aggregates
from argolane.workflow.local.reconciler.flow.outputs import outputs_of
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.steps.group import execute_group
from argolane.workflow.local.reconciler.steps.steps_pass import Step, StepsPass
from argolane.workflow.local.reconciler.template.lookup import TemplateSource


def execute_steps(run: RunState, call: Call, inner: TemplateSource, template: Mapping[str, Any]) -> Node:
    """Carry on with the first group that is not over; the node fails with its first failed group."""
    node = run.factory.begin(call, "Steps", template)
    scope = Scope(template)
    scope.add_outputs("workflow", run.outputs)
    context = StepsPass(run, node, inner, scope, call.on_exit)
    previous: Node | None = None
    for index, steps in enumerate(template["steps"]):
        current = _group_node(context, f"{call.name}[{index}]")
        _connect(context, previous, current)
        try:
            execute_group(context, list(steps or ()), current)
        except OperationError as error:
            # An exit hook that cannot be made: Argo lets the group answer for the template this time, and
            # fails the template itself in the next pass, if there is one.
            run.this_pass.wake(run.ports.now())
            return run.nodes.mark_error(current, error)
        if not current.fulfilled:
            return node
        if current.unsuccessful:
            _set_outbound(context, current)
            return run.nodes.mark(node, "Failed", current.message)
        for step in steps or ():
            _add_outputs(context, step, current)
        previous = current
    if previous is not None:
        _set_outbound(context, previous)
    outputs = outputs_of(template, scope)
    if outputs is not None:
        node.outputs = outputs
        run.export(outputs)
    run.nodes.mark(node, "Succeeded")
    memory.keep(run, node)
    return node


def _group_node(context: StepsPass, name: str) -> Node:
    known = context.run.nodes.named(name)
    if known is not None:
        return known
    call = Call(name, {}, context.inner, boundary_id=context.node.id)
    return context.run.factory.initialize(call, "StepGroup", "Running")


def _connect(context: StepsPass, previous: Node | None, current: Node) -> None:
    nodes = context.run.nodes
    if previous is None:
        nodes.link(context.node.name, current.name)
    elif not previous.children:
        nodes.link(previous.name, current.name)
    else:
        for end in nodes.outbound_of(previous.children):
            nodes.link(nodes.of(end).name, current.name)


def _set_outbound(context: StepsPass, last: Node) -> None:
    context.run.nodes.changed(context.node)
    context.node.outbound = context.run.nodes.outbound_of(last.children)


def _add_outputs(context: StepsPass, step: Step, current: Node) -> None:
    """What a step of a group that is over has to say to the ones after it."""
    run, scope = context.run, context.scope
    name = f"{current.name}.{step['name']}"
    prefix = f"steps.{step['name']}"
    child = run.nodes.named(name)
    if child is not None:
        scope.add_node(prefix, child, run.nodes.last_attempt(child))
        if child.outputs is None and child.phase in ("Skipped", "Omitted"):
            scope.add_skipped(prefix, run.templates.find(step, context.inner)[0], artifacts=True)
        return
    members = [
        node
        for node in run.nodes
        if node.boundary_id == context.node.id and node.name.startswith(name + "(") and node.type != "Skipped"
    ]
    aggregates.check_template(members)
    aggregates.add(scope, prefix, members)
    scope.add_node(prefix, current, None)
