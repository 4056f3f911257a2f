"""A template in, what kind of template it is out, and the steps or tasks that it calls."""

from collections.abc import Iterator, Mapping
from typing import Any

TYPES = (
    "container", "containerSet", "steps", "script", "resource", "dag", "suspend", "data", "http", "plugin",
)  # fmt: skip
# Nodes that something is started for, and ended.
STARTED = ("Pod", "HTTP")
POD_TYPES = ("container", "containerSet", "script", "resource", "data")


def type_of(template: Mapping[str, Any]) -> str:
    """`container`, `dag`, ... or '' for a template that says nothing."""
    for kind in TYPES:
        if kind == "steps":
            if template.get("steps"):
                return kind
        elif template.get(kind) is not None:
            return kind
    return ""


def calls(template: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each step or task of a template, and its place as Argo names it: `steps[0].a`, `tasks.a`."""
    if type_of(template) == "steps":
        for i, group in enumerate(template["steps"]):
            yield from ((f"steps[{i}].{step.get('name', '')}", step) for step in group or ())
    elif type_of(template) == "dag":
        yield from ((f"tasks.{task.get('name', '')}", task) for task in template["dag"].get("tasks") or ())


def node_type(template: Mapping[str, Any]) -> str:
    """The type of the node that a template becomes."""
    if template.get("retryStrategy") is not None:
        return "Retry"
    kinds = {"steps": "Steps", "dag": "DAG", "suspend": "Suspend", "http": "HTTP"}
    return kinds.get(type_of(template), "Pod")


def continues_on(holder: Mapping[str, Any], phase: str) -> bool:
    """Whether the `continueOn` of a step or task covers the phase."""
    allowed = holder.get("continueOn") or {}
    return bool(allowed.get("failed" if phase == "Failed" else "error" if phase == "Error" else ""))
