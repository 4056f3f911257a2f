"""A run's status in, what failed in it out: the nodes, and the reason in one line."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from argolane.workflow.run.told import told
from argolane.workflow.run.tree import Node, first_line, task_of, walk

REASON = "reason"
_SHORT = 3  # lines


def failed(status: Mapping[str, Any]) -> Iterator[tuple[str, Node]]:
    """Pods that failed, by their path; of a task that was tried several times the last one."""
    nodes: Mapping[str, Node] = status.get("nodes") or {}
    tried = [node for node in nodes.values() if node.get("type") == "Retry"]
    left_out = {
        attempt
        for node in tried
        for attempt in (node.get("children") or [])[: None if node.get("phase") == "Succeeded" else -1]
    }
    for path, node in walk(status):
        is_failed = node.get("type") == "Pod" and node.get("phase") in ("Failed", "Error")
        if is_failed and node.get("id") not in left_out:
            yield path, node


def reason(status: Mapping[str, Any], log: Callable[[str], str] = lambda path: "") -> str:
    """Why a run failed: the first task that did, its message, and the end of its `log`, asked for by path.

    '' for a run that did not fail. Where there is no log, an output `reason` of a step stands for it.
    """
    if status.get("phase") not in ("Failed", "Error"):
        return ""
    first = min(failed(status), key=lambda found: str(found[1].get("finishedAt") or "~"), default=None)
    if first is None:
        return first_line(str(status.get("message") or ""))
    path, node = first
    said = _end(log(path)) or first_line(_found_out(status))
    head = f"{task_of(str(node.get('displayName')))}: {first_line(str(node.get('message') or node['phase']))}"
    return f"{head}: {said}" if said else head


def _end(log: str) -> str:
    """All of a short log on one line, else its last line."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return " ".join(lines if len(lines) <= _SHORT else lines[-1:])


def _found_out(status: Mapping[str, Any]) -> str:
    return next((value for _, value in told(status, REASON)), "")
