"""A step, task or hook in, the template it names out, or Argo's complaint that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from argolane.workflow.lint.argo.base import Base, Check, Complaint, mapping
from argolane.workflow.lint.argo.kinds import kind_of


def resolve(
    check: Check, base: Base, holder: Mapping[str, Any], place: str
) -> tuple[Base, Mapping[str, Any] | None, str, Complaint | None]:
    """Where the template of `holder` stands, the template, its place; a fault when there is none.

    Neither template nor fault: only a run knows which template it will be.
    """
    reference, name = holder.get("templateRef"), str(holder.get("template") or "")

    def wrong(text: str, field: str) -> tuple[Base, None, str, Complaint]:
        # The entrypoint and the exit handler are names themselves, not steps that hold one.
        where = place if place.endswith(("entrypoint", "onExit")) else f"{place}.{field}"
        return base, None, "", base.complaint(text, where)

    if reference is not None:
        reference = mapping(reference)
        if name:
            return wrong("template name cannot be specified with templateRef.", "template")
        if not reference.get("name"):
            return wrong("resource name is required", "templateRef.name")
        if not reference.get("template"):
            return wrong("template name is required", "templateRef.template")
        if any("{{" in str(reference.get(key)) for key in ("name", "template")):
            return base, None, "", None
    elif name and base.template(name) is None:
        return wrong(f"template name '{name}' undefined", "template")
    home = base
    found: tuple[Mapping[str, Any], str] | None = None
    inline = holder.get("inline")
    if inline is not None:
        found = (mapping(inline), f"{place}.inline")
    if reference is not None:
        other = check.library.get(reference)
        if other is None and check.library.offline:
            _, _, _, complaint = wrong(check.library.missing(reference, namespace_of(base)), "templateRef")
            return base, None, "", replace(complaint, absent=str(reference["name"]))
        found = found or (other.template(str(reference["template"])) if other else None)
        if other is None or found is None:
            # Argo's own test for a name that only a run knows.
            if "placeholder" in str(reference["template"]):
                return base, None, "", None
            return wrong(
                f"template reference {reference['name']}.{reference['template']} not found", "templateRef"
            )
        home = other
    elif name and inline is None:
        found = base.template(name)
    if found is None:
        return wrong("failed to get a template", "template")
    template, where = found
    if not kind_of(template):
        text = f"template '{template.get('name', '')}' type is unknown"
        return home, None, "", home.complaint(text, where)
    return home, template, where, None


def namespace_of(base: Base) -> str:
    return str(mapping(base.document.body.get("metadata")).get("namespace") or "")
