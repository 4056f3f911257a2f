"""Argo's nodes in, boxes and arrows out: the run graph with its groups folded away, laid out in layers."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from argolane.report.folds import Node, folded, named, tasks

# Six boxes stand beside each other on a page 1280 pixels wide, two on a phone.
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 150, 56, 32, 14
_LINE = 19  # characters


@dataclass(frozen=True)
class Box:
    """One task, or many of one loop: place and size in pixels. `id` is that of the first."""

    id: str
    name: str
    phase: str
    x: int
    y: int
    width: int = _WIDTH
    height: int = _HEIGHT

    @property
    def lines(self) -> list[str]:
        """The name in at most two lines."""
        lines = textwrap.wrap(self.name, _LINE) or [""]
        return lines if len(lines) < 3 else [lines[0], f"{lines[1][: _LINE - 1]}…"]


@dataclass(frozen=True)
class Graph:
    boxes: tuple[Box, ...]
    arrows: tuple[str, ...]  # SVG path data
    width: int
    height: int


def graph(nodes: Mapping[str, Node]) -> Graph:
    """Every node that does something, left to right by dependence."""
    shown = tasks(nodes)
    groups = folded(shown, nodes)
    first = {i: group[0] for group in groups for i in group}
    edges: dict[str, set[str]] = {group[0]: set() for group in groups}
    for i in shown:
        edges[first[i]] |= {first[after] for after in _following(i, nodes, set(shown))} - {first[i]}
    layers = _layers(edges)
    rows: dict[int, int] = {}
    boxes = {}
    for group in groups:
        i = group[0]
        row = rows.get(layers[i], 0)
        rows[layers[i]] = row + 1
        x, y = layers[i] * (_WIDTH + _GAP_X), row * (_HEIGHT + _GAP_Y)
        boxes[i] = Box(i, named(group, nodes), str(nodes[i].get("phase", "Pending")), x, y)
    arrows = tuple(arrow(boxes[a], boxes[b]) for a, after in edges.items() for b in sorted(after))
    return Graph(
        tuple(boxes.values()),
        arrows,
        max((b.x + b.width for b in boxes.values()), default=0) + 2,
        max((b.y + b.height for b in boxes.values()), default=0) + 2,
    )


def _following(start: str, nodes: Mapping[str, Node], shown: set[str]) -> set[str]:
    """The shown nodes that come next, looking through folded ones and through attempts."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(nodes[start].get("children") or [])
    while waiting:
        i = waiting.pop()
        if i in seen or i not in nodes:
            continue
        seen.add(i)
        if i in shown:
            found.add(i)
        else:
            waiting += nodes[i].get("children") or []
    return found


def _layers(edges: Mapping[str, set[str]]) -> dict[str, int]:
    """The longest way from a start to each node; what Argo wrote has no cycle."""
    before: dict[str, int] = dict.fromkeys(edges, 0)
    for after in edges.values():
        for i in after:
            before[i] += 1
    layers = dict.fromkeys(edges, 0)
    ready = [i for i, count in before.items() if not count]
    while ready:
        i = ready.pop()
        for following in edges[i]:
            layers[following] = max(layers[following], layers[i] + 1)
            before[following] -= 1
            if not before[following]:
                ready.append(following)
    return layers


def arrow(a: Box, b: Box) -> str:
    """SVG path data from the right side of one box to the left side of the other."""
    x1, y1, x2, y2 = a.x + a.width, a.y + a.height // 2, b.x, b.y + b.height // 2
    bend = max(20, (x2 - x1) // 2)
    return f"M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2}"
