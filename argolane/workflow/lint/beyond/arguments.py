"""Arguments nobody takes, values outside an enum, parameters given on the command line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argolane.errors import unknown
from argolane.workflow.lint.argo.base import Base, Check, Library, mapping, mappings
from argolane.workflow.lint.argo.resolving import resolve
from argolane.workflow.lint.argo.templates import check_holder
from argolane.workflow.lint.beyond.walking import holders, say, templates
from argolane.workflow.lint.finding import Finding


def check(base: Base, library: Library) -> Iterator[Finding]:
    """The arguments of every step and task against the inputs they are for."""
    state = Check(base, library, {}, check_holder)
    for template, place in templates(base):
        yield from _own_enums(base, template, place)
        for holder in holders(template, place):
            _, called, _, _ = resolve(state, base, holder.body, holder.place)
            if called is None:
                continue
            inputs = {
                str(p.get("name")): p for p in mappings(mapping(called.get("inputs")).get("parameters"))
            }
            given = mappings(mapping(holder.body.get("arguments")).get("parameters"))
            for index, argument in enumerate(given):
                where = f"{holder.place}.arguments.parameters[{index}]"
                name = str(argument.get("name"))
                if name not in inputs:
                    yield say(
                        base, where, "warning", f"nobody takes it: {unknown('input parameter', name, inputs)}"
                    )
                elif reason := _outside(inputs[name], argument.get("value")):
                    yield say(base, where, "warning", f"{reason} Argo does not check it.")


def check_given(bases: Sequence[Base], library: Library, given: Mapping[str, str]) -> Iterator[Finding]:
    """`-p name=value` against the parameters that the workflows declare."""
    declared: dict[str, Mapping[str, Any]] = {}
    for base in bases:
        shared = library.get(mapping(base.spec.get("workflowTemplateRef")))
        for spec in (shared.spec if shared else {}, base.spec):
            for parameter in mappings(mapping(spec.get("arguments")).get("parameters")):
                # The referred template says what is allowed, the workflow itself often only a value.
                name = str(parameter.get("name"))
                declared[name] = {**declared.get(name, {}), **parameter}
    for name, value in given.items():
        if name not in declared:
            yield Finding(f"-p {name}", "error", unknown("parameter", name, declared))
        elif reason := _outside(declared[name], value):
            yield Finding(f"-p {name}", "error", reason)


def _own_enums(base: Base, template: Mapping[str, Any], place: str) -> Iterator[Finding]:
    for index, parameter in enumerate(mappings(mapping(template.get("inputs")).get("parameters"))):
        for key in ("value", "default"):
            if reason := _outside(parameter, parameter.get(key)):
                yield say(base, f"{place}.inputs.parameters[{index}].{key}", "warning", reason)


def _outside(parameter: Mapping[str, Any], value: Any) -> str:
    allowed = parameter.get("enum")
    if not allowed or not isinstance(value, str) or "{{" in value or value in allowed:
        return ""
    return f"{value!r} is not one of {', '.join(map(repr, allowed))}."
