"""Nodes in, what the page tells of each out: one that opens by a click, and loops folded into one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from argolane.report.folds import GROUPS, attempts, folded, named, tasks
from argolane.workflow.run.tree import Node, duration, seconds, walk

LOG_LINES = 400
DRAWN = ("charts", "links")  # outputs that have a place of their own on the page


@dataclass(frozen=True)
class Task:
    """One node; `id` is its anchor."""

    id: str
    path: str
    phase: str
    took: str
    message: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    tables: Mapping[str, Mapping[str, str]]
    log: str


@dataclass(frozen=True)
class Details:
    """One task with its attempts, or many of one loop; `anchors` by the ids of the nodes in it."""

    id: str
    name: str
    phase: str
    tasks: tuple[Task, ...]
    anchors: Mapping[str, str] = field(default_factory=dict)


def details(status: Mapping[str, Any], logs: Mapping[str, str]) -> list[Details]:
    """In the order of the tree; `logs` by node path."""
    nodes: Mapping[str, Node] = status.get("nodes") or {}
    paths = {str(node.get("id")): path for path, node in walk(status)}
    order = [i for i in paths if i in tasks(nodes)]
    order += [i for i in paths if nodes[i].get("type") in GROUPS and nodes[i].get("message")]
    found = []
    for number, group in enumerate(folded(order, nodes)):
        inside = list(_tasks(group, nodes, paths, logs, f"task-{number}"))
        anchors = {i: task.id for i, task in inside}
        many = len(group) > 1
        first = f"task-{number}" if many else inside[-1][1].id
        found.append(
            Details(
                first,
                named(group, nodes),
                str(nodes[group[0]].get("phase", "Pending")),
                tuple(task for _, task in inside),
                {**dict.fromkeys(group, first), **anchors},
            )
        )
    return found


def _tasks(
    group: tuple[str, ...],
    nodes: Mapping[str, Node],
    paths: Mapping[str, str],
    logs: Mapping[str, str],
    prefix: str,
) -> Iterator[tuple[str, Task]]:
    number = 0
    for i in group:
        tried = attempts(nodes[i], nodes)
        for node in tried:
            path = paths.get(str(node.get("id")), str(node.get("displayName", "")))
            shown = path if len(tried) > 1 else paths.get(i, path)  # the only attempt is the task itself
            yield str(node.get("id")), _task(f"{prefix}-{number}", shown, node, logs.get(path, ""))
            number += 1


def _task(identifier: str, path: str, node: Node, log: str) -> Task:
    outputs = node.get("outputs") or {}
    values = {str(p["name"]): str(p.get("value") or "") for p in outputs.get("parameters") or []}
    if outputs.get("result") is not None:
        values["result"] = str(outputs["result"])
    values = {name: text for name, text in values.items() if name not in DRAWN}
    tables = {name: table for name, text in values.items() if (table := _table(text))}
    lines = log.splitlines()
    cut = f"… {len(lines) - LOG_LINES} lines before these\n" if len(lines) > LOG_LINES else ""
    return Task(
        id=identifier,
        path=path.partition("/")[2] or path,
        phase=str(node.get("phase", "Pending")),
        took=took(node),
        message=str(node.get("message") or ""),
        inputs={
            str(p["name"]): str(p.get("value") or "")
            for p in (node.get("inputs") or {}).get("parameters") or []
        },
        outputs={name: text for name, text in values.items() if name not in tables},
        tables=tables,
        log=cut + "\n".join(lines[-LOG_LINES:]),
    )


def took(node: Node) -> str:
    lasted = seconds(node)
    return "" if lasted is None else duration(lasted)


def is_web(text: str) -> bool:
    """Whether a browser may be sent there: an address with no name and no password in it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _table(text: str) -> dict[str, str]:
    """A JSON object's plain values as rows, one level of nesting joined with a dot; {} for any other text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return dict(_rows("", value, deeper=True)) if isinstance(value, dict) else {}


def _rows(prefix: str, value: Mapping[str, Any], *, deeper: bool) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        if isinstance(inner, Mapping) and deeper:
            yield from _rows(f"{prefix}{key}.", inner, deeper=False)
        elif not isinstance(inner, Mapping | list):
            yield f"{prefix}{key}", f"{inner:.6g}" if isinstance(inner, float) else str(inner)
