"""A step or task with references to what ran before in, the same with values out."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow.loops import expands
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.evaluation import OUTPUTS, replace, should_execute


def resolve(run: RunState, holder: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Tags of outputs must have a value, `{{item}}` may wait; `when` is decided before arguments are read."""
    _resolve_volumes(run, scope)
    resolved = {key: value for key, value in holder.items() if key != "hooks"}
    params = scope.params(run.variables)
    if resolved.get("when"):
        condition = str(replace(str(resolved["when"]), params, strict=OUTPUTS))
        try:
            runs = should_execute(condition)
        except OperationError:
            if not expands(holder):
                raise
            runs = True
        if not runs:
            return {**holder, "when": condition}
    if resolved.get("arguments"):
        resolved["arguments"] = scope.mark_absent(dict(resolved["arguments"]))
    resolved = dict(replace(resolved, params, strict=OUTPUTS))
    if holder.get("hooks"):
        resolved["hooks"] = holder["hooks"]
    return resolved


def _resolve_volumes(run: RunState, scope: Scope) -> None:
    if run.this_pass.volumes:
        run.this_pass.volumes = list(replace(run.this_pass.volumes, scope.params()))
