"""A submission in, a run ready for its first pass out: its variables, its spec without tags, its deadline."""

import time

from argolane.workflow.local import variables
from argolane.workflow.local.errors import OperationError
from argolane.workflow.local.lookups import Lookups
from argolane.workflow.local.operation import Operation
from argolane.workflow.local.submission import Submission
from argolane.workflow.local.substitution import evaluate, replace
from argolane.workflow.local.templates import type_of


def prepare(op: Operation, submission: Submission, lookups: Lookups) -> str:
    """Why the workflow fails before it begins, or ''."""
    try:
        _fill(op, submission, lookups)
    except OperationError as error:
        return f"failed to set global parameters: {error}"
    for template in op.spec.get("templates") or ():
        if not type_of(template):
            return f"invalid spec: template '{template.get('name')}' type is unknown"
    limit = op.spec.get("activeDeadlineSeconds")
    if limit is not None:
        op.deadline = time.time() + float(limit)
    return ""


def _fill(op: Operation, submission: Submission, lookups: Lookups) -> None:
    op.globals.update(variables.of_workflow(submission, op.namespace, lookups.parameter))
    whole = {key: value for key, value in op.spec.items() if key != "templates"}
    op.spec = {**replace(whole, op.globals), "templates": op.spec.get("templates")}
    op.globals["workflow.status"] = ""
    labels = (op.spec.get("workflowMetadata") or {}).get("labelsFrom") or {}
    for key, source in labels.items():
        value = evaluate(str(source["expression"]), op.globals)
        op.globals[f"workflow.labels.{key}"] = str(value)
