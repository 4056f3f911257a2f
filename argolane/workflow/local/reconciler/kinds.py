"""A call whose template is filled in in, its node out, by the template's kind."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.reconciler import daemons
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.dag.template import execute_dag
from argolane.workflow.local.reconciler.errors import OperationError, Postponed
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.pod_order import execute_pod
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.steps.template import execute_steps
from argolane.workflow.local.reconciler.suspension import execute_suspend
from argolane.workflow.local.reconciler.template.lookup import TemplateSource
from argolane.workflow.local.reconciler.template.types import type_of


def execute_template(
    run: RunState, call: Call, inner: TemplateSource, template: Mapping[str, Any]
) -> Node | None:
    """The node; once it is over, its locks are free."""
    try:
        node = _by_kind(run, call, inner, template)
    except Postponed:
        raise
    except OperationError as error:
        run.ports.locks.release(run.factory.error_node(call, error).id)
        raise
    if node is not None and node.fulfilled:
        run.ports.locks.release(node.id)
    return node


def _by_kind(run: RunState, call: Call, inner: TemplateSource, template: Mapping[str, Any]) -> Node | None:
    kind = type_of(template)
    if kind in ("steps", "dag"):
        execute = execute_steps if kind == "steps" else execute_dag
        try:
            return execute(run, call, inner, template)
        finally:
            _end_daemons(run, call)
    if kind == "suspend":
        return execute_suspend(run, call, template)
    return execute_pod(run, call, template)


def _end_daemons(run: RunState, call: Call) -> None:
    node = run.nodes.named(call.name)
    if node is not None and node.over:
        daemons.end(run, node.id)
