"""The declared outputs of a Steps or DAG template in, their values out."""

from collections.abc import Mapping
from typing import Any

from argolane.languages.gotext import text_of
from argolane.workflow.local.reconciler.errors import OperationError, Unresolved
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.template.evaluation import evaluate


def outputs_of(template: Mapping[str, Any], scope: Scope) -> dict[str, Any] | None:
    """Parameters by `valueFrom.parameter` or `expression`, artifacts by `from`; None if none is declared."""
    declared = template.get("outputs") or {}
    if not declared.get("parameters") and not declared.get("artifacts"):
        return None
    outputs: dict[str, Any] = {}
    if declared.get("parameters"):
        outputs["parameters"] = [_parameter(p, scope) for p in declared["parameters"]]
    if declared.get("artifacts"):
        outputs["artifacts"] = list(_artifacts(declared["artifacts"], scope))
    return outputs


def _parameter(declared: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    source = declared.get("valueFrom")
    if source is None:
        raise OperationError("output parameters must have a valueFrom specified")
    default = source.get("default")
    try:
        value = _value(source, scope)
    except OperationError:
        if default is None:
            raise
        value = default
    if value is None:
        value = default
    if value is None:
        raise OperationError(
            f'output parameter "{declared["name"]}": "{source.get("parameter", "")}" is an absent optional '
            "(skipped/omitted node output with no default)"
        )
    kept = {key: part for key, part in declared.items() if key != "valueFrom"}
    return {**kept, "value": value if isinstance(value, str) else text_of(value)}


def _value(source: Mapping[str, Any], scope: Scope) -> Any:
    if source.get("expression"):
        value = evaluate(source["expression"], scope.values)
        if value is None:
            raise OperationError(f'failed to evaluate expression "{source["expression"]}"')
        return value
    if source.get("parameter"):
        return scope.resolve(source["parameter"])
    return ""


def _artifacts(declared: list[dict[str, Any]], scope: Scope) -> Any:
    for artifact in declared:
        try:
            resolved = scope.resolve_artifact(artifact)
        except OperationError as error:
            if artifact.get("optional") and isinstance(error, Unresolved):
                continue
            raise OperationError(f"unable to resolve outputs from scope: {error}") from None
        if resolved is not None:
            if artifact.get("globalName"):
                resolved["globalName"] = artifact["globalName"]
            yield resolved
