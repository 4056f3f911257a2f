"""A submission in, a run ready for its first pass out: its variables, its spec without tags, its deadline."""

import time
from typing import Any

from argolane.kubernetes.names import not_a_label_value
from argolane.languages.gotext import quote
from argolane.workflow.local.reconciler import workflow_tags
from argolane.workflow.local.reconciler.errors import CannotStart, OperationError
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.evaluation import evaluate, replace
from argolane.workflow.local.reconciler.template.types import calls, type_of
from argolane.workflow.run.submission import Submission


def prepare(run: RunState, submission: Submission) -> str:
    """Why the workflow fails before it begins, or ''; CannotStart when it ends in Error."""
    try:
        _fill(run, submission)
    except CannotStart:
        raise
    except OperationError as error:
        return f"failed to set global parameters: {error}"
    if untyped := _untyped(run.spec):
        return f"invalid spec: {untyped} type is unknown"
    limit = run.spec.get("activeDeadlineSeconds")
    if limit is not None:
        run.deadline = time.time() + float(limit)
    return ""


def _untyped(spec: dict[str, Any]) -> str:
    """The first template that does nothing, and where Argo comes to it if that is on its way."""
    templates = {str(template.get("name")): template for template in spec.get("templates") or ()}
    seen: set[str] = set()
    ahead = [(str(spec.get("entrypoint")), "")]
    while ahead:
        name, way = ahead.pop()
        if name in seen or name not in templates:
            continue
        seen.add(name)
        if not type_of(templates[name]):
            return f"{way}template '{name}'"
        below = [(str(c.get("template")), f"{way}templates.{name}.{at} ") for at, c in calls(templates[name])]
        ahead += reversed(below)
    return next((f"template '{name}'" for name, one in templates.items() if not type_of(one)), "")


def _fill(run: RunState, submission: Submission) -> None:
    known = workflow_tags.of_workflow(submission, run.namespace, run.ports.config_map)
    for name, value in known.items():
        run.variables.set(name, value)
    whole = {key: value for key, value in run.spec.items() if key != "templates"}
    run.spec = {**replace(whole, run.variables), "templates": run.spec.get("templates")}
    run.variables.set("workflow.status", "")
    for key, value in ((run.spec.get("workflowMetadata") or {}).get("labels") or {}).items():
        if reason := ";".join(not_a_label_value(str(value))):
            text = f'invalid label value "{quote(str(value))}" for label "{quote(str(key))}"'
            raise CannotStart("Error", f"{text}: {reason}")
    labels = (run.spec.get("workflowMetadata") or {}).get("labelsFrom") or {}
    for key, source in labels.items():
        value = evaluate(str(source["expression"]), run.variables)
        run.variables.set(f"workflow.labels.{key}", str(value))
        if reason := ";".join(not_a_label_value(str(value))):
            text = (
                f'invalid label value "{quote(str(value))}" for label "{quote(str(key))}" '
                f'and expression "{quote(str(source["expression"]))}"'
            )
            raise CannotStart("Error", f"{text}: {reason}")
