"""A call whose template is filled in in, its node out, by the template's kind."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.reconciler import dag, podnode, steps, suspension
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import OperationError, Postponed
from argolane.workflow.local.reconciler.nodes import Node
from argolane.workflow.local.reconciler.operation import Operation
from argolane.workflow.local.reconciler.templates import Base, type_of


def execute(op: Operation, call: Call, inner: Base, template: Mapping[str, Any]) -> Node | None:
    """The node; once it is over, its locks are free."""
    try:
        node = _execute(op, call, inner, template)
    except Postponed:
        raise
    except OperationError as error:
        op.ports.locks.release(op.error_node(call, error).id)
        raise
    if node is not None and node.fulfilled:
        op.ports.locks.release(node.id)
    return node


def _execute(op: Operation, call: Call, inner: Base, template: Mapping[str, Any]) -> Node | None:
    kind = type_of(template)
    if kind == "steps":
        return steps.execute(op, call, inner, template)
    if kind == "dag":
        return dag.execute(op, call, inner, template)
    if kind == "suspend":
        return suspension.execute(op, call, template)
    return podnode.execute(op, call, template)
