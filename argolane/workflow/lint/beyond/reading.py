"""Outputs that are read before they can be there, or that may never come."""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import unknown
from argolane.languages.depends import DependsError, parse
from argolane.workflow.lint.argo.base import Base, Check, Library, mapping, mappings
from argolane.workflow.lint.argo.dag import ancestors
from argolane.workflow.lint.argo.resolving import resolve
from argolane.workflow.lint.argo.templates import check_holder
from argolane.workflow.lint.beyond.walking import Holder, holders, names_read, say, templates, texts
from argolane.workflow.lint.finding import Finding


def check(base: Base, library: Library) -> Iterator[Finding]:
    """Every `tasks.x...` and `steps.x...` that a task or step reads."""
    for template, place in templates(base):
        group = list(holders(template, place))
        by_name = {holder.name: holder for holder in group}
        bodies = {name: holder.body for name, holder in by_name.items()}
        needs = {name: parse(body, bodies).tasks for name, body in bodies.items()}
        for holder in group:
            before = ancestors(holder.name, needs) if holder.kind == "tasks" else _earlier(holder, group)
            body = {key: value for key, value in holder.body.items() if key not in ("hooks", "inline")}
            for text, where in texts(body, holder.place):
                for name, tag in names_read(text):
                    root, _, rest = name.partition(".")
                    other, _, field = rest.partition(".")
                    if root != holder.kind or not field:
                        continue
                    yield from _read(base, holder, by_name, before, other, where)
                    if other in before and other in by_name and _runs_after_skipping(holder, other, bodies):
                        yield from _may_be_skipped(base, library, holder, by_name[other], field, tag, where)


def _earlier(holder: Holder, group: list[Holder]) -> list[str]:
    return [other.name for other in group if other.group < holder.group]


def _read(
    base: Base, holder: Holder, by_name: Mapping[str, Holder], before: list[str], other: str, where: str
) -> Iterator[Finding]:
    if other not in by_name:
        word = "task" if holder.kind == "tasks" else "step"
        yield say(base, where, "error", f"reads {holder.kind}.{other}. {unknown(word, other, by_name)}")
    elif other in before:
        return
    elif holder.kind == "tasks":
        yield say(base, where, "error", f"reads tasks.{other} without depending on it. Add it to 'depends'.")
    elif by_name[other].group == holder.group:
        yield say(
            base,
            where,
            "error",
            f"reads steps.{other} of its own group: the workflow never gets on. "
            "Move one of them to another group.",
        )


def _runs_after_skipping(holder: Holder, other: str, bodies: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether `holder` starts when `other` was skipped: not if it depends on `other.Succeeded`."""
    waits = parse(holder.body, bodies)
    if other not in waits.tasks:
        return True
    try:
        return waits.holds({name: ["Skipped"] if name == other else ["Succeeded"] for name in waits.tasks})
    except DependsError:
        return False


def _may_be_skipped(
    base: Base, library: Library, holder: Holder, other: Holder, field: str, tag: str, where: str
) -> Iterator[Finding]:
    condition = other.body.get("when")
    if not condition or condition == holder.body.get("when") or tag.startswith("="):
        return
    if other.loops and "item" in str(condition):
        return
    if field.startswith("outputs.result"):
        yield say(
            base,
            where,
            "warning",
            f"{other.name!r} has a 'when': if it is skipped, Argo waits for its result for ever. "
            f"Give this one the same 'when'.",
        )
        return
    parts = field.split(".")
    if len(parts) == 3 and parts[:2] == ["outputs", "parameters"] and not other.loops:
        source = _output(base, library, other, parts[2])
        if source is not None and "default" not in mapping(source.get("valueFrom")) and "value" not in source:
            yield say(
                base,
                where,
                "warning",
                f"{other.name!r} has a 'when': if it is skipped, this is an error. "
                f"Give its output {parts[2]!r} a valueFrom.default.",
            )


def _output(base: Base, library: Library, holder: Holder, name: str) -> Mapping[str, Any] | None:
    check_ = Check(base, library, {}, check_holder)
    _, template, _, _ = resolve(check_, base, holder.body, holder.place)
    outputs = mappings(mapping((template or {}).get("outputs")).get("parameters"))
    return next((output for output in outputs if output.get("name") == name), None)
