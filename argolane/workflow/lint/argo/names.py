"""Names and tags in, Argo's complaints about them out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_PARAMETER = re.compile(r"[-a-zA-Z0-9_]+")
_FIELD = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")
_TAG = re.compile(r"\{\{[-a-zA-Z0-9]+(\.[-a-zA-Z0-9_]+)*\}\}")
_ROOTS = ("item.", "steps.", "inputs.", "outputs.", "pod.", "workflow.", "tasks.")
# What only a run can tell.
_LATER = ("outputs.", "workflow.creationTimestamp", "workflow.scheduledTime", "workflow.duration",
          "tasks.name", "steps.name", "node.name")  # fmt: skip

PARAMETER_RULE = (
    "Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1"
)
_FIELD_RULE = (
    "name must consist of alpha-numeric characters or '-', and must start with an alpha-numeric character "
    "(e.g. My-name1-2, 123-NAME)"
)


def is_tag(text: str) -> bool:
    """Whether a tag stands in `text`, so that only a run knows the whole."""
    return _TAG.search(text) is not None


def parameter_name(name: str) -> str:
    """What is wrong with the name of a parameter or artifact, or ''."""
    return "" if _PARAMETER.fullmatch(name) else PARAMETER_RULE


def field_name(name: str) -> str:
    """What is wrong with the name of a template, step or task, or ''."""
    faults = ["must be no more than 128 characters"] if len(name.encode()) > 128 else []
    faults += [] if _FIELD.fullmatch(name) else [_FIELD_RULE]
    return ";".join(faults)


def named(items: Sequence[Mapping[str, Any]], rule: Callable[[str], str]) -> Iterator[tuple[int, str]]:
    """(index, complaint) for each name that is missing, against the rule or there twice."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        name = item.get("name")
        if not isinstance(name, str) or not name:
            yield index, f"[{index}].name is required"
            continue
        if reason := rule(name):
            yield index, f"[{index}].name: '{name}' is invalid: {reason}"
        elif name in seen:
            yield index, f"[{index}].name '{name}' is not unique"
        seen.add(name)


def unresolved(tags: Iterator[str], scope: Mapping[str, Any], *, template_only: bool) -> Iterator[str]:
    """The tags of Argo's own roots for which `scope` has no value."""
    for tag in tags:
        name = tag.strip()
        if not name.startswith(_ROOTS) or name in scope or name.startswith(_LATER):
            continue
        if name.startswith("item.") and "item.*" in scope:
            continue
        if name.startswith("workflow.outputs.parameters.") and "workflow.outputs.parameters.*" in scope:
            continue
        if name.startswith("workflow.outputs.artifacts.") and "workflow.outputs.artifacts.*" in scope:
            continue
        if name.startswith("workflow.parameters") and template_only:
            continue
        yield tag


def tags(text: str) -> Iterator[str]:
    """What stands between {{ and }} in `text`, expressions left out."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        end = text.find("}}", start + 2)
        if end < 0:
            return
        if not text.startswith("=", start + 2):
            yield text[start + 2 : end]
        at = end + 2
