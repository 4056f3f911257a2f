"""A run in, one HTML page out: everything in the file, nothing fetched, readable on a phone."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2

from argolane.report.headline import lines
from argolane.report.layout import graph
from argolane.workflow.run.failure import reason
from argolane.workflow.run.tree import duration, seconds, walk

LOG_LINES = 400


@dataclass(frozen=True)
class Bar:
    """A task on the time axis: percentages of the whole run."""

    path: str
    phase: str
    left: float
    width: float
    took: str


@dataclass(frozen=True)
class Picture:
    caption: str
    source: str


@dataclass(frozen=True)
class Task:
    """What the page tells of one node."""

    path: str
    phase: str
    type: str
    took: str
    message: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    tables: Mapping[str, Mapping[str, str]]
    log: str

    @property
    def says(self) -> bool:
        """Whether there is more to tell than the picture of the tasks does."""
        return bool(self.message or self.log or (self.type == "Pod" and (self.inputs or self.outputs)))


def render(
    *,
    name: str,
    status: Mapping[str, Any],
    parameters: Mapping[str, str],
    logs: Mapping[str, str],
    pictures: Mapping[str, Path],
    repository: str = "",
) -> str:
    """The page as text. `logs` by node path as `tree.walk` gives it, `pictures` PNG files by caption,
    `repository` the web address of what was run."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("argolane.report", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    nodes = dict(walk(status))
    return environment.get_template("page.html").render(
        name=name,
        status=status,
        took=_took(status),
        headline=lines(status, repository),
        reason=reason(status, lambda path: logs.get(path, "")),
        parameters=parameters,
        graph=graph(status.get("nodes") or {}),
        bars=list(_bars(nodes)),
        tasks=[task for path, node in nodes.items() if (task := _task(path, node, logs.get(path, ""))).says],
        pictures=[Picture(caption, _inline(path)) for caption, path in pictures.items()],
    )


def _task(path: str, node: Mapping[str, Any], log: str) -> Task:
    outputs = node.get("outputs") or {}
    values = {str(p["name"]): str(p.get("value") or "") for p in outputs.get("parameters") or []}
    if outputs.get("result") is not None:
        values["result"] = str(outputs["result"])
    tables = {name: table for name, text in values.items() if (table := _table(text))}
    lines = log.splitlines()
    cut = f"… {len(lines) - LOG_LINES} lines before these\n" if len(lines) > LOG_LINES else ""
    return Task(
        path=path.partition("/")[2] or path,
        phase=str(node.get("phase", "Pending")),
        type=str(node.get("type", "")),
        took=_took(node),
        message=str(node.get("message") or ""),
        inputs={
            str(p["name"]): str(p.get("value") or "")
            for p in (node.get("inputs") or {}).get("parameters") or []
        },
        outputs={name: text for name, text in values.items() if name not in tables},
        tables=tables,
        log=cut + "\n".join(lines[-LOG_LINES:]),
    )


def _table(text: str) -> dict[str, str]:
    """A JSON object's plain values as rows, one level of nesting joined with a dot; {} for any other text."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return dict(_rows("", value, deeper=True)) if isinstance(value, dict) else {}


def _rows(prefix: str, value: Mapping[str, Any], *, deeper: bool) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        if isinstance(inner, Mapping) and deeper:
            yield from _rows(f"{prefix}{key}.", inner, deeper=False)
        elif not isinstance(inner, Mapping | list):
            yield f"{prefix}{key}", f"{inner:.6g}" if isinstance(inner, float) else str(inner)


def _bars(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[Bar]:
    timed = {p: n for p, n in nodes.items() if n.get("startedAt") and n.get("type") in ("Pod", "Suspend")}
    if not timed:
        return
    start = min(datetime.fromisoformat(str(n["startedAt"])) for n in timed.values())
    ends = [
        (datetime.fromisoformat(str(n["startedAt"])) - start).total_seconds() + (seconds(n) or 0)
        for n in timed.values()
    ]
    whole = max(*ends, 0.001) if len(ends) > 1 else max(ends[0], 0.001)
    for path, node in sorted(timed.items(), key=lambda item: str(item[1]["startedAt"])):
        before = (datetime.fromisoformat(str(node["startedAt"])) - start).total_seconds()
        took = seconds(node) or 0.0
        yield Bar(
            path,
            str(node.get("phase", "")),
            100 * before / whole,
            max(0.5, 100 * took / whole),
            duration(took),
        )


def _took(node: Mapping[str, Any]) -> str:
    took = seconds(node)
    return "" if took is None else duration(took)


def _inline(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
