"""A run's nodes in, what its tasks gave to be drawn or followed out: the outputs `charts` and `links`."""

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from markupsafe import Markup

from argolane.report.charts import figure, read
from argolane.report.details import is_web
from argolane.workflow.run.tree import Node, task_of

MOST = 80  # figures of a page

CHARTS, LINKS = "charts", "links"


@dataclass(frozen=True)
class Results:
    """Of one task: its figures, the names of pictures that they take the place of, and what is wrong."""

    task: str
    figures: tuple[Markup, ...]
    names: frozenset[str]
    problem: str = ""


def results(status: Mapping[str, Any]) -> list[Results]:
    """In the order in which tasks ended; beyond as many figures as a page can hold, that is said."""
    found: list[Results] = []
    room = MOST
    for number, (task, text) in enumerate(_outputs(status, CHARTS)):
        try:
            charts = read(text)
        except ValueError as error:
            found.append(Results(task, (), frozenset(), f"{task}: not drawn: {error}"))
            continue
        shown = charts[:room]
        left = len(charts) - len(shown)
        room -= len(shown)
        figures = tuple(figure(chart, f"chart-{number}-{i}") for i, chart in enumerate(shown))
        names = frozenset(chart.name for chart in shown if chart.name)
        problem = f"{task}: {left} more charts; a page has {MOST}." if left else ""
        if figures or problem:
            found.append(Results(task, figures, names, problem))
    return found


def links(status: Mapping[str, Any], services: Container[str] = ()) -> dict[str, dict[str, str]]:
    """By task, and by what they lead to: web addresses alone, one of a service as a browser here finds it."""
    found: dict[str, dict[str, str]] = {}
    for task, text in _outputs(status, LINKS):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, Mapping):
            good = {
                str(name): _from_here(url, services)
                for name, url in told.items()
                if isinstance(url, str) and is_web(url)
            }
            found.setdefault(task, {}).update(good)
    return {task: told for task, told in found.items() if told}


def _from_here(url: str, services: Container[str]) -> str:
    parts = urlsplit(url)
    if parts.hostname not in services:
        return url
    return urlunsplit(parts._replace(netloc=f"127.0.0.1:{parts.port or 80}"))


def _outputs(status: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """The task and the text of each output of that name; a Retry node has those of its last attempt."""
    nodes: Mapping[str, Node] = status.get("nodes") or {}
    for node in sorted(nodes.values(), key=lambda node: str(node.get("finishedAt") or "~")):
        if node.get("type") != "Pod":
            continue
        for parameter in (node.get("outputs") or {}).get("parameters") or []:
            if parameter.get("name") == name and parameter.get("value"):
                yield task_of(str(node.get("displayName") or "")), str(parameter["value"])
