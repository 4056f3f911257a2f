"""Arguments in, Argo's complaints about their names and values out; and a template filled with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from argolane.languages.tags import SubstitutionError, check_closed, substitute
from argolane.workflow.lint.argo.base import Base, Complaint, mapping, mappings, placeholder
from argolane.workflow.lint.argo.names import named, parameter_name
from argolane.workflow.lint.argo.scopes import go_text
from argolane.workflow.locations import has_location

_ONLY = "valueFrom only allows: default, configMapKeyRef and supplied"


def check_arguments(
    base: Base, prefix: str, arguments: Mapping[str, Any], place: str, *, allow_empty: bool
) -> Iterator[Complaint]:
    """Names, values, enums and locations of arguments given to a workflow, a step or a task."""
    for field in ("parameters", "artifacts"):
        for index, reason in named(mappings(arguments.get(field)), parameter_name):
            yield base.complaint(f"{prefix}{field}{reason}", f"{place}.{field}[{index}].name")
    for index, parameter in enumerate(mappings(arguments.get("parameters"))):
        where, name = f"{place}.parameters[{index}]", f"{prefix}{parameter.get('name')}"
        if reason := _value_fault(name, parameter, allow_empty=allow_empty):
            yield base.complaint(reason, where, lacks_value="value" not in parameter)
    for index, artifact in enumerate(mappings(arguments.get("artifacts"))):
        where, name = f"{place}.artifacts[{index}]", f"{prefix}{artifact.get('name')}"
        if not artifact.get("from") and not has_location(artifact):
            text = f"{name}.from, artifact location, or key is required"
            yield base.complaint(text, where, lacks_value=True)
        elif artifact.get("from") and artifact.get("fromExpression"):
            yield base.complaint(f"{name} shouldn't have both `from` and `fromExpression` in Artifact", where)


def _value_fault(name: str, parameter: Mapping[str, Any], *, allow_empty: bool) -> str:
    valued, source = "value" in parameter, parameter.get("valueFrom")
    if not valued and source is None and not allow_empty:
        return f"{name}.value or {name}.valueFrom is required"
    if source is not None:
        source = mapping(source)
        if not ("configMapKeyRef" in source or source.get("event") or "supplied" in source):
            return f"{name}.{_ONLY}"
        if any(source.get(key) for key in ("path", "jsonPath", "parameter", "expression")):
            return f"{name}.{_ONLY}"
    if "enum" in parameter:
        if not parameter["enum"]:
            return f"{name}.enum should contain at least one value"
        if not valued:
            return "" if allow_empty else f"{name}.value is required"
        if parameter["value"] not in parameter["enum"]:
            return f"{name}.value should be present in {name}.enum list"
    return ""


@dataclass(frozen=True)
class Unfilled:
    """Why a template cannot be filled in: Argo's `text`, and the `reason` with what is to blame.

    `lacks`: which input it is that nobody supplies, else ''.
    """

    text: str
    reason: str
    lacks: str = ""


def fill(
    template: Mapping[str, Any],
    arguments: Mapping[str, Any] | None,
    globals_: Mapping[str, str],
    locals_: Mapping[str, str],
) -> tuple[dict[str, Any], Unfilled | None]:
    """The template with values in place of tags; as far as it goes, and Argo's complaint.

    `arguments` None stands for whatever a caller may give.
    """
    filled = dict(template)
    inputs = mapping(template.get("inputs"))
    parameters = []
    for parameter in mappings(inputs.get("parameters")):
        given = _given(parameter, arguments)
        if "value" not in given and "configMapKeyRef" not in mapping(given.get("valueFrom")):
            return filled, _not_supplied(f"inputs.parameters.{parameter.get('name')}")
        parameters.append(given)
    for artifact in mappings(inputs.get("artifacts")):
        if arguments is None or artifact.get("optional") or has_location(artifact):
            continue
        if all(one.get("name") != artifact.get("name") for one in mappings(arguments.get("artifacts"))):
            return filled, _not_supplied(f"inputs.artifacts.{artifact.get('name')}")
    if inputs:
        artifacts = [_handed(artifact, arguments) for artifact in mappings(inputs.get("artifacts"))]
        own = {"parameters": parameters, "artifacts": artifacts}
        filled["inputs"] = {**inputs, **{field: held for field, held in own.items() if held}}
    try:
        if "{{" in (text := go_text(filled, "templates")):
            check_closed(text)
        return _substituted(filled, {**globals_, **locals_}), None
    except SubstitutionError as error:
        return filled, Unfilled(str(error), error.explained)


def _not_supplied(name: str) -> Unfilled:
    text = f"{name} was not supplied"
    return Unfilled(text, text, lacks=name)


def _given(parameter: Mapping[str, Any], arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    own = dict(parameter)
    if "value" not in own and "default" in own:
        own["value"] = own["default"]
    if arguments is None:
        own.pop("valueFrom", None)
        return {**own, "value": placeholder()}
    name = parameter.get("name")
    argument = next((one for one in mappings(arguments.get("parameters")) if one.get("name") == name), None)
    if argument is None:
        return own
    own.pop("value", None)
    own.pop("valueFrom", None)
    return {**own, **{key: argument[key] for key in ("value", "valueFrom") if key in argument}}


def _handed(artifact: Mapping[str, Any], arguments: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """An input as its argument makes it: of what the template says of itself, its place and mode remain."""
    name = artifact.get("name")
    named = [{"name": name}] if arguments is None else mappings(arguments.get("artifacts"))
    argument = next((one for one in named if one.get("name") == name), None)
    if argument is None:
        return artifact
    kept = ("path", "mode", "recurseMode")
    given = {key: value for key, value in argument.items() if key not in kept}
    return {**given, **{key: artifact[key] for key in kept if key in artifact}}


def _substituted(template: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    once: dict[str, Any] = substitute(template, values, expressions=False)
    inputs, outputs = mapping(once.get("inputs")), mapping(once.get("outputs"))
    for parameter in mappings(inputs.get("parameters")):
        if "value" in parameter:
            values[f"inputs.parameters.{parameter.get('name')}"] = str(parameter["value"])
    values["inputs.parameters"] = placeholder()
    for side, holder in (("inputs", inputs), ("outputs", outputs)):
        for artifact in mappings(holder.get("artifacts")):
            if artifact.get("path"):
                values[f"{side}.artifacts.{artifact.get('name')}.path"] = str(artifact["path"])
    for parameter in mappings(outputs.get("parameters")):
        if path := mapping(parameter.get("valueFrom")).get("path"):
            values[f"outputs.parameters.{parameter.get('name')}.path"] = str(path)
    twice: dict[str, Any] = substitute(once, values, expressions=False)
    return twice
