"""A `steps` template in, Argo's complaints about its steps out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.workflow.lint.argo.arguments import check_arguments
from argolane.workflow.lint.argo.base import Base, Check, Complaint, mapping, mappings, placeholder, prefixed
from argolane.workflow.lint.argo.names import field_name
from argolane.workflow.lint.argo.resolving import resolve
from argolane.workflow.lint.argo.scopes import add_items, add_outputs, check_tags


def check_steps(
    check: Check, base: Base, scope: dict[str, Any], template: Mapping[str, Any], place: str
) -> Iterator[Complaint]:
    """Names, templates, arguments and tags of every step, in order; `scope` grows with their outputs."""
    name = template.get("name", "")
    yield from check_not_leaf(base, template, place)
    seen: set[str] = set()
    groups = template["steps"] if isinstance(template["steps"], list) else []
    for number, group in enumerate(groups):
        for index, step in enumerate(mappings(group)):
            where, prefix = f"{place}.steps[{number}][{index}]", f"templates.{name}.steps[{number}]"
            if reason := _name_fault(str(step.get("name") or ""), seen):
                yield base.complaint(f"{prefix}.name{reason}", f"{where}.name")
                continue
            seen.add(step["name"])
            yield from _check_step(check, base, scope, template, step, where, prefix)


def _name_fault(name: str, seen: set[str]) -> str:
    if not name:
        return " is required"
    if name in seen:
        return f" '{name}' is not unique"
    reason = field_name(name)
    return f" '{name}' is invalid: {reason}" if reason else ""


def _check_step(
    check: Check,
    base: Base,
    scope: dict[str, Any],
    template: Mapping[str, Any],
    step: Mapping[str, Any],
    where: str,
    prefix: str,
) -> Iterator[Complaint]:
    own, reference = f"{prefix}.{step['name']}", f"steps.{step['name']}"
    scope[f"{reference}.status"] = True
    if reason := add_items(step, scope):
        yield Complaint(f"{own} {reason}", where, base, reason)
    arguments = mapping(step.get("arguments"))
    yield from check_arguments(base, f"{own}.arguments.", arguments, f"{where}.arguments", allow_empty=False)
    yield from prefixed(f"{own} ", check.visit(check, base, step, None, where))
    _, resolved, _, _ = resolve(check, base, step, where)
    if has_exit_hook(step):
        add_outputs(check, resolved, reference, scope)
    yield from check_hooks(base, step.get("hooks"), own, f"{where}.hooks")
    inline = mappings(mapping(mapping(step.get("inline")).get("inputs")).get("parameters"))
    local = {**scope, **{f"inputs.parameters.{p.get('name')}": placeholder() for p in inline}}
    of_steps = f"templates.{template.get('name', '')}.steps "
    yield from check_tags(check, base, of_steps, local, step, where, kind="steps")
    aggregate = bool(step.get("withItems") or step.get("withParam"))
    add_outputs(check, resolved, reference, scope, aggregate=aggregate)
    yield from prefixed(f"{own} ", check.visit(check, base, step, arguments, where))


def check_not_leaf(base: Base, template: Mapping[str, Any], place: str) -> Iterator[Complaint]:
    """What only templates that run something may have."""
    if "activeDeadlineSeconds" in template:
        yield base.complaint(
            f"templates.{template.get('name', '')}.activeDeadlineSeconds is only valid for leaf templates",
            f"{place}.activeDeadlineSeconds",
        )


def has_exit_hook(holder: Mapping[str, Any]) -> bool:
    return "exit" in mapping(holder.get("hooks")) or bool(holder.get("onExit"))


def check_hooks(base: Base, hooks: Any, prefix: str, place: str) -> Iterator[Complaint]:
    """Every hook but `exit` needs an expression."""
    for name, hook in mapping(hooks).items():
        if name != "exit" and not mapping(hook).get("expression"):
            yield base.complaint(f"{prefix}.{name} Expression required", f"{place}.{name}")
