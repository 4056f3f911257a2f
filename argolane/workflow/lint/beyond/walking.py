"""A document in, its templates, its steps and tasks, its texts and its tags out, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from argolane.languages import expr
from argolane.workflow.lint.argo.base import Base, mapping, mappings
from argolane.workflow.lint.finding import Finding, Severity


@dataclass(frozen=True)
class Holder:
    """A step or a task: `kind` is the root of its tags, `group` the number of its steps group."""

    body: Mapping[str, Any]
    place: str
    kind: str
    group: int
    template: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.body.get("name") or "")

    @property
    def loops(self) -> bool:
        return any(self.body.get(key) is not None for key in ("withItems", "withParam", "withSequence"))


def say(base: Base, place: str, severity: Severity, message: str) -> Finding:
    return Finding(f"{base.document.where}: {place}", severity, message)


def templates(base: Base) -> Iterator[tuple[dict[str, Any], str]]:
    """Every template with its place, inline ones too."""
    for index, template in enumerate(mappings(base.spec.get("templates"))):
        yield from _with_inline(template, f"{base.root}.templates[{index}]")


def _with_inline(template: dict[str, Any], place: str) -> Iterator[tuple[dict[str, Any], str]]:
    yield template, place
    for holder in holders(template, place):
        if isinstance(holder.body.get("inline"), dict):
            yield from _with_inline(holder.body["inline"], f"{holder.place}.inline")


def holders(template: Mapping[str, Any], place: str) -> Iterator[Holder]:
    """The steps or tasks of one template."""
    groups = template.get("steps")
    for number, group in enumerate(groups if isinstance(groups, list) else ()):
        for index, step in enumerate(mappings(group)):
            yield Holder(step, f"{place}.steps[{number}][{index}]", "steps", number, template)
    for index, task in enumerate(mappings(mapping(template.get("dag")).get("tasks"))):
        yield Holder(task, f"{place}.dag.tasks[{index}]", "tasks", index, template)


def texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every string below `value`, with its place."""
    if isinstance(value, str):
        yield value, place
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, f"{place}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{place}[{index}]")


def all_tags(text: str) -> Iterator[str]:
    """What stands between {{ and the next }}; an expression begins with =."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        end = text.find("}}", start + 2)
        if end < 0:
            return
        yield text[start + 2 : end]
        at = end + 2


def names_read(text: str) -> Iterator[tuple[str, str]]:
    """(name, tag) for every name that `text` reads; expressions that are none are left out."""
    for tag in all_tags(text):
        if not tag.startswith("="):
            yield tag.strip(), tag
            continue
        try:
            for name in expr.names(tag[1:]):
                yield name, tag
        except expr.ExprSyntaxError:
            continue
