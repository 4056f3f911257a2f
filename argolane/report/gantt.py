"""Nodes in, lanes on one time axis out: attempts share a lane, and so do the many tasks of a loop.

How long a task waited for its environment is a part of its bar of another look: that is no training.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from argolane.report.charts.scale import ticks
from argolane.report.folds import attempts, folded, named, tasks
from argolane.workflow.run.tree import Node, duration, seconds

LEAST = 0.5  # percent of a bar that is seen at all
_SHOWN = 0.1  # seconds of making an environment that are told


@dataclass(frozen=True)
class Bar:
    """Percentages of the whole run; `made` is that of the bar in which its environment was made."""

    title: str
    phase: str
    left: float
    width: float
    made: float


@dataclass(frozen=True)
class Lane:
    name: str
    took: str
    made: str  # how long environments were made in it, in words; '' where none was
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Gantt:
    lanes: tuple[Lane, ...]
    marks: tuple[tuple[float, str], ...]  # percentages, and what they stand for

    @property
    def makes(self) -> bool:
        return any(lane.made for lane in self.lanes)


def gantt(nodes: Mapping[str, Node], prepared: Mapping[str, float]) -> Gantt:
    """`prepared`: seconds that a node's environment took, by its id; none is known of most runs."""
    timed = {i: n for i, n in tasks(nodes).items() if any(_is_timed(a) for a in attempts(n, nodes))}
    every = [a for n in timed.values() for a in attempts(n, nodes) if _is_timed(a)]
    if not every:
        return Gantt((), ())
    begin = min(_start(node) for node in every)
    whole = max(*((_start(n) - begin).total_seconds() + (seconds(n) or 0) for n in every), 0.001)
    lanes = (
        _lane(group, nodes, prepared, begin, whole) for group in folded(timed, nodes, apart=lambda node: None)
    )
    marks = tuple((100 * at / whole, duration(at)) for at in ticks(0, whole, most=4) if at < 0.72 * whole)
    return Gantt(tuple(lanes), (*marks, (100.0, duration(whole))))


def _lane(
    group: tuple[str, ...],
    nodes: Mapping[str, Node],
    prepared: Mapping[str, float],
    begin: datetime,
    whole: float,
) -> Lane:
    several = [a for i in group for a in attempts(nodes[i], nodes) if _is_timed(a)]
    bars = tuple(_bars(several, prepared, begin, whole))
    ends = max((_start(n) - begin).total_seconds() + (seconds(n) or 0) for n in several)
    lasted = ends - min((_start(n) - begin).total_seconds() for n in several)
    made = max((prepared.get(str(n.get("id")), 0.0) for n in several), default=0.0)
    return Lane(named(group, nodes), duration(lasted), duration(made) if made >= _SHOWN else "", bars)


def _bars(several: list[Node], prepared: Mapping[str, float], begin: datetime, whole: float) -> Iterator[Bar]:
    for node in several:
        took = seconds(node) or 0.0
        made = min(prepared.get(str(node.get("id")), 0.0), took)
        left = 100 * (_start(node) - begin).total_seconds() / whole
        width = min(max(LEAST, 100 * took / whole), 100 - min(left, 100 - LEAST))
        told = f", of which {duration(made)} made its environment" if made >= _SHOWN else ""
        title = f"{node.get('displayName')}: {node.get('phase')}, {duration(took)}{told}"
        yield Bar(
            title,
            str(node.get("phase", "")),
            min(left, 100 - LEAST),
            width,
            100 * made / took if told and took else 0.0,
        )


def _is_timed(node: Mapping[str, Any]) -> bool:
    return bool(node.get("startedAt")) and node.get("type") in ("Pod", "Suspend")


def _start(node: Node) -> datetime:
    return datetime.fromisoformat(str(node["startedAt"]))
