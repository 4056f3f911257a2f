"""`{{=...}}` and tags: what stays in the text as it is written because nothing answers to its name."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.errors import unknown
from argolane.languages import expr
from argolane.workflow.lint.argo.base import Base, Library, mapping, mappings
from argolane.workflow.lint.beyond.walking import all_tags, holders, say, templates, texts
from argolane.workflow.lint.finding import Finding

_ROOTS = (
    "item", "steps", "inputs", "outputs", "pod", "workflow", "tasks", "node", "retries", "lastRetry",
    "cronworkflow",
)  # fmt: skip
_DOTTED = re.compile(r"([a-zA-Z]+)(\.[\w-]+)+")


def check(base: Base, library: Library) -> Iterator[Finding]:
    """Every tag of every template."""
    declared = _declared(base, library)
    for template, place in templates(base):
        inputs = {str(p.get("name")) for p in mappings(mapping(template.get("inputs")).get("parameters"))}
        looping = [holder.place for holder in holders(template, place) if holder.loops]
        for text, where in texts({k: v for k, v in template.items() if k != "inline"}, place):
            if ".inline." in where[len(place) :]:
                continue
            for tag in all_tags(text):
                if tag.startswith("="):
                    yield from _expression(base, tag[1:], where, declared, inputs)
                else:
                    yield from _simple(base, tag.strip(), where, looping)


def _declared(base: Base, library: Library) -> set[str] | None:
    """Names of the workflow's parameters; None when a workflow that uses this template may add some."""
    if base.document.kind != "Workflow" and base.document.kind != "CronWorkflow":
        return None
    shared = library.get(mapping(base.spec.get("workflowTemplateRef")))
    specs: list[Mapping[str, Any]] = [base.spec, *([shared.spec] if shared else [])]
    return {
        str(p.get("name"))
        for spec in specs
        for p in mappings(mapping(spec.get("arguments")).get("parameters"))
    }


def _simple(base: Base, name: str, where: str, looping: list[str]) -> Iterator[Finding]:
    if name == "item" and not any(where.startswith(place + ".") for place in looping):
        yield say(base, where, "error", "{{item}} stands outside of a loop and stays as it is written.")
    dotted = _DOTTED.fullmatch(name)
    if dotted and dotted[1] not in _ROOTS:
        close = difflib.get_close_matches(dotted[1], _ROOTS, n=1, cutoff=0.7)
        if close:
            cure = f"{close[0]}{name[len(dotted[1]) :]}"
            yield say(
                base, where, "warning", f"{{{{{name}}}}} stays as it is written. Did you mean {{{{{cure}}}}}?"
            )


def _expression(
    base: Base, text: str, where: str, declared: set[str] | None, inputs: set[str]
) -> Iterator[Finding]:
    try:
        names = expr.names(text)
    except expr.ExprSyntaxError as error:
        first = str(error).splitlines()[0]
        hint = " A tag ends at the first }}." if text.count("{") > text.count("}") else ""
        yield say(base, where, "error", f"failed to evaluate expression: {first}: {text.strip()!r}.{hint}")
        return
    for name in names:
        if reason := _unknown_name(name, declared, inputs):
            hint = " A name with a hyphen is written in brackets: ['my-name']." if "-" in text else ""
            yield say(base, where, "error", f"{{{{={text}}}}} stays as it is written: {reason}{hint}")
    for function in expr.refused(text):
        yield say(base, where, "warning", f"The function {function!r} is not run locally. Use --on argo.")


def _unknown_name(name: str, declared: set[str] | None, inputs: set[str]) -> str:
    root, _, rest = name.partition(".")
    if root == "sprig":
        return (
            ""
            if not rest or rest in expr.FUNCTIONS["sprig"]
            else unknown("function of sprig", rest, expr.FUNCTIONS["sprig"])
        )
    if root not in _ROOTS and root not in expr.FUNCTIONS:
        return unknown("name", root, [*_ROOTS, *expr.FUNCTIONS])
    path = name.split(".")
    if len(path) > 2 and path[:2] == ["inputs", "parameters"] and path[2] not in inputs:
        return unknown("input parameter", path[2], inputs)
    if (
        len(path) > 2
        and path[:2] == ["workflow", "parameters"]
        and declared is not None
        and path[2] not in declared
        and name != "workflow.parameters.json"
    ):
        return unknown("workflow parameter", path[2], declared)
    return ""
