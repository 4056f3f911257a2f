"""Nodes in, what stands together on a page out: a task's attempts, and many tasks of one loop."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

Node = Mapping[str, Any]

GROUPS = ("DAG", "Steps", "StepGroup", "TaskGroup")
FEW = 6  # tasks of a loop that are shown one by one
_ITEM = re.compile(r"\(\d+:.*\)$", re.DOTALL)


def tasks(nodes: Mapping[str, Node]) -> dict[str, Node]:
    """Every node that does something, in the order of their starts; attempts are folded into their Retry."""
    attempts = {i for n in nodes.values() if n.get("type") == "Retry" for i in n.get("children") or []}
    alone = [(i, n) for i, n in nodes.items() if n.get("type") not in GROUPS and i not in attempts]
    return dict(sorted(alone, key=lambda item: str(item[1].get("startedAt") or "~")))


def attempts(node: Node, nodes: Mapping[str, Node]) -> list[Node]:
    """Those of a Retry; of any other node itself."""
    if node.get("type") != "Retry":
        return [node]
    return [nodes[i] for i in node.get("children") or [] if i in nodes] or [node]


def folded(
    ids: Iterable[str],
    nodes: Mapping[str, Node],
    *,
    apart: Callable[[Node], Hashable] = lambda node: node.get("phase"),
) -> list[tuple[str, ...]]:
    """More than a few of one loop that nothing tells apart are one, at the place of the first."""
    found: dict[tuple[str, Hashable], list[str]] = {}
    for i in ids:
        found.setdefault((place(nodes[i], nodes), apart(nodes[i])), []).append(i)
    several: list[tuple[str, ...]] = []
    for group in found.values():
        several += [tuple(group)] if len(group) > FEW else [(i,) for i in group]
    return several


def place(node: Node, nodes: Mapping[str, Node]) -> str:
    """Where it stands in the workflow, whichever item of a loop it is for: `wf/each/train`."""
    names: list[str] = []
    seen: set[int] = set()
    current: Node | None = node
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        names.insert(0, name_of(current))
        current = nodes.get(str(current.get("boundaryID")))
    return "/".join(names)


def name_of(node: Node) -> str:
    """A task's name without its item: `each(3:blue)` -> `each`."""
    return _ITEM.sub("", str(node.get("displayName", "")))


def named(group: Sequence[str], nodes: Mapping[str, Node]) -> str:
    """A task by its name, several by theirs and how many there are."""
    first = nodes[group[0]]
    return f"{name_of(first)} × {len(group)}" if len(group) > 1 else str(first.get("displayName", group[0]))  # noqa: RUF001
