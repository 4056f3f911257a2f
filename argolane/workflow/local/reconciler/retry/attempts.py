"""A call of a template with a retryStrategy in, its Retry node out: attempts below it, one after another."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from argolane.workflow.local.reconciler import kinds
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import MaxDepthExceeded, OperationError
from argolane.workflow.local.reconciler.limits import MAX_DEPTH
from argolane.workflow.local.reconciler.nodes.naming import pod_name
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.retry import retry_tags
from argolane.workflow.local.reconciler.retry.decision import decide
from argolane.workflow.local.reconciler.retry.strategy import deadline, policy, strategy_of
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template import inputs
from argolane.workflow.local.reconciler.template.lookup import TemplateSource
from argolane.workflow.local.reconciler.template.types import POD_TYPES, type_of


def execute_attempts(
    run: RunState, call: Call, inner: TemplateSource, template: Mapping[str, Any], strategy: Mapping[str, Any]
) -> Node | None:
    """The Retry node, once nothing more can happen at once."""
    parent = run.factory.begin(call, "Retry", template)
    attempt: Node | None = None
    for turn in itertools.count():
        if run.this_pass.depth + turn >= MAX_DEPTH:  # Attempts that are over at once, without a limit.
            run.nodes.mark_error(parent, MaxDepthExceeded())
            raise MaxDepthExceeded
        try:
            goes_on = decide(run, parent, strategy)
        except OperationError as error:
            run.nodes.mark_error(parent, error)
            if attempt is not None:  # An attempt that was over at once gets the blame as well.
                run.nodes.mark_error(attempt, error)
            raise
        if not goes_on:
            return parent
        made = run.nodes.attempts(parent)
        last = made[-1] if made else None
        failed_daemon = parent.daemoned and parent.unsuccessful
        if parent.fulfilled and (failed_daemon or run.nodes.all_over(parent)):
            if last is not None:
                parent.outputs = last.outputs
            run.ports.locks.release(parent.id)
            return parent
        number = len(made)
        if last is not None and not last.over:
            number -= 1
            tried = replace(call, name=last.name, retried=True)
        else:
            until = deadline(made, strategy)
            tried = replace(call, name=f"{call.name}({number})", retried=True, deadline=until)
            run.nodes.link(call.name, tried.name)
        attempt = _try(run, tried, number, last, parent, inner, template)
        if attempt is None or not attempt.fulfilled or parent.fulfilled:
            return parent
    raise AssertionError("unreachable")


def _try(
    run: RunState,
    call: Call,
    number: int,
    last: Node | None,
    parent: Node,
    inner: TemplateSource,
    template: Mapping[str, Any],
) -> Node | None:
    try:
        attempt = _filled(run, call, number, last, template)
    except OperationError as error:
        run.factory.error_node(call, error)
        raise
    source = run.settled.template_of(parent.id)
    if source is not None:
        run.settled.remember_template(run.nodes.id_of(call.name), source)
    try:
        return kinds.execute_template(run, call, inner, attempt)
    except OperationError:
        strategy = strategy_of(run, template) or {}
        if policy(strategy) not in ("Always", "OnError", "OnTransientError"):
            raise
        return run.nodes.named(call.name)


def _filled(
    run: RunState, call: Call, number: int, last: Node | None, template: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The template with the tags of this attempt filled in."""
    known = run.settled.attempts.get(call.name)
    if known is not None and run.nodes.named(call.name) is not None:
        return known
    locals_ = retry_tags.for_attempt(number, last)
    if type_of(template) in POD_TYPES:
        locals_["pod.name"] = pod_name(run.name, call.name, str(template.get("name") or ""))
    attempt = inputs.fill_tags(template, run.variables, locals_)
    run.settled.attempts[call.name] = attempt
    return attempt
