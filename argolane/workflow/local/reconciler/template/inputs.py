"""A template and the arguments it is called with in, the template with every value filled in out.

An input takes its argument, else its value, else its default, else a ConfigMap's key; then tags of the
workflow, of the node and of the inputs are replaced, in this order.
"""

from collections.abc import Callable, Mapping
from typing import Any

from argolane.languages.gotext import to_json
from argolane.workflow import locations
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow.scope import ABSENT
from argolane.workflow.local.reconciler.template.evaluation import replace

ConfigMapValue = Callable[[str, str], str]


class NotFound(LookupError):
    """No such ConfigMap or key; the text is Argo's."""


def fill_in(
    template: Mapping[str, Any],
    arguments: Mapping[str, Any] | None,
    globals_: Mapping[str, str],
    locals_: Mapping[str, str],
    config_map: ConfigMapValue,
) -> dict[str, Any]:
    """The template as it runs; OperationError when an input has no value."""
    arguments = arguments or {}
    inputs = dict(template.get("inputs") or {})
    given = {p.get("name", ""): p for p in reversed(arguments.get("parameters") or [])}
    if inputs.get("parameters"):
        inputs["parameters"] = [
            _input(parameter, given.get(parameter["name"]), globals_, config_map)
            for parameter in inputs["parameters"]
        ]
    handed = {a.get("name", ""): a for a in reversed(arguments.get("artifacts") or [])}
    if inputs.get("artifacts"):
        inputs["artifacts"] = [_artifact(a, handed.get(a["name"])) for a in inputs["artifacts"]]
    filled = dict(template)
    if inputs:
        filled["inputs"] = inputs
    return fill_tags(filled, globals_, locals_)


def fill_tags(
    template: Mapping[str, Any], globals_: Mapping[str, str], locals_: Mapping[str, str]
) -> dict[str, Any]:
    """The template with the workflow's, the node's and then its own inputs' tags replaced."""
    params: dict[str, Any] = {**globals_, **locals_}
    filled = replace(template, params)
    inputs = filled.get("inputs") or {}
    for parameter in inputs.get("parameters") or ():
        if parameter.get("value") is None:
            if parameter.get("valueFrom") is None:
                raise OperationError(f"inputs.parameters.{parameter['name']} had no value")
            continue
        params[f"inputs.parameters.{parameter['name']}"] = parameter["value"]
    params["inputs.parameters"] = to_json(inputs.get("parameters"))
    for artifact in inputs.get("artifacts") or ():
        if artifact.get("path"):
            params[f"inputs.artifacts.{artifact['name']}.path"] = artifact["path"]
    outputs = filled.get("outputs") or {}
    for artifact in outputs.get("artifacts") or ():
        if artifact.get("path"):
            params[f"outputs.artifacts.{artifact['name']}.path"] = artifact["path"]
    for parameter in outputs.get("parameters") or ():
        path = (parameter.get("valueFrom") or {}).get("path")
        if path:
            params[f"outputs.parameters.{parameter['name']}.path"] = path
    return dict(replace(filled, params))


def has_location(artifact: Mapping[str, Any]) -> bool:
    """Whether an artifact says where it lies."""
    return locations.has_location(artifact) or artifact.get("stored") is not None


def _input(
    declared: Mapping[str, Any],
    argument: Mapping[str, Any] | None,
    globals_: Mapping[str, str],
    config_map: ConfigMapValue,
) -> dict[str, Any]:
    parameter = dict(declared)
    if parameter.get("value") is None and parameter.get("default") is not None:
        parameter["value"] = parameter["default"]
    name = parameter["name"]
    if argument is not None and argument.get("value") == ABSENT:
        if parameter.get("value") is None and not parameter.get("valueFrom"):
            raise OperationError(
                f"inputs.parameters.{name}: argument references an absent optional "
                "(skipped/omitted node output with no default)"
            )
    elif argument is not None:
        parameter.pop("valueFrom", None)
        parameter.pop("value", None)
        if argument.get("value") is not None:
            parameter["value"] = argument["value"]
        elif argument.get("valueFrom") is not None:
            parameter["valueFrom"] = argument["valueFrom"]
    source = parameter.get("valueFrom") or {}
    if source.get("configMapKeyRef"):
        reference = replace(source["configMapKeyRef"], globals_, strict=True)
        try:
            parameter["value"] = config_map(str(reference.get("name")), str(reference.get("key")))
        except NotFound as problem:
            if source.get("default") is None:
                raise OperationError(
                    f"unable to retrieve inputs.parameters.{name} from ConfigMap: {problem}"
                ) from None
            parameter["value"] = source["default"]
    elif parameter.get("value") is None:
        raise OperationError(f"inputs.parameters.{name} was not supplied")
    return parameter


def _artifact(declared: Mapping[str, Any], argument: Mapping[str, Any] | None) -> dict[str, Any]:
    name = declared["name"]
    if not declared.get("optional") and not has_location(declared):
        if argument is None:
            raise OperationError(f"inputs.artifacts.{name} was not supplied")
        if not has_location(argument):
            raise OperationError(f"inputs.artifacts.{name} missing location information")
    if argument is None:
        return dict(declared)
    artifact = dict(argument)
    for kept in ("path", "mode", "recurseMode"):
        if declared.get(kept) is not None:
            artifact[kept] = declared[kept]
        else:
            artifact.pop(kept, None)
    return artifact
