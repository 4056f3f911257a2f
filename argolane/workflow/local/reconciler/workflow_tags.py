"""A workflow about to run in, the values of its `{{workflow...}}` tags out."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from argolane.kubernetes.times import rfc3339
from argolane.languages.gotext import to_json
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.run.submission import Submission

_TIME_FORMATS = "AaBbCcDdFHIjkLlMmnpQRrSTtUuVvWwXxYyZz"


def of_workflow(
    submission: Submission, namespace: str, config_map: Callable[[str, str], str]
) -> dict[str, str]:
    """Names to texts; OperationError for a parameter that has no value."""
    spec, created = submission.spec, submission.created
    values = {
        "workflow.name": submission.name,
        "workflow.namespace": namespace,
        "workflow.mainEntrypoint": str(spec.get("entrypoint") or ""),
        "workflow.serviceAccountName": str(spec.get("serviceAccountName") or ""),
        "workflow.uid": submission.uid,
        "workflow.creationTimestamp": rfc3339(created),
        "workflow.creationTimestamp.s": str(int(created)),
        "workflow.creationTimestamp.RFC3339": rfc3339(created),
    }
    if spec.get("priority") is not None:
        values["workflow.priority"] = str(spec["priority"])
    moment = time.gmtime(created)
    for letter in _TIME_FORMATS:
        values[f"workflow.creationTimestamp.{letter}"] = time.strftime(f"%{letter}", moment)
    parameters = (spec.get("arguments") or {}).get("parameters") or []
    values["workflow.parameters"] = values["workflow.parameters.json"] = to_json(parameters)
    for parameter in parameters:
        values[f"workflow.parameters.{parameter['name']}"] = _parameter(parameter, config_map)
    more = spec.get("workflowMetadata") or {}
    for kind in ("annotations", "labels"):
        own = {str(key): str(value) for key, value in (submission.metadata.get(kind) or {}).items()}
        # Go writes a map that was never made as null.
        values[f"workflow.{kind}"] = values[f"workflow.{kind}.json"] = to_json(own) if own else "null"
        own |= {str(key): str(value) for key, value in (more.get(kind) or {}).items()}
        values.update((f"workflow.{kind}.{key}", value) for key, value in own.items())
    return values


def _parameter(parameter: Mapping[str, Any], config_map: Callable[[str, str], str]) -> str:
    if parameter.get("value") is not None:
        return str(parameter["value"])
    source = parameter.get("valueFrom") or {}
    reference = source.get("configMapKeyRef")
    if reference is None:
        raise OperationError(
            "either value or valueFrom must be specified in order to set global parameter "
            f"{parameter['name']}"
        )
    try:
        return config_map(str(reference.get("name")), str(reference.get("key")))
    except LookupError as error:
        if source.get("default") is not None:
            return str(source["default"])
        raise OperationError(
            f"failed to set global parameter {parameter['name']} from configmap with name "
            f"{reference.get('name')} and key {reference.get('key')}: {error}"
        ) from None
