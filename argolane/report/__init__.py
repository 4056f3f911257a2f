"""A run in, one HTML page out: everything in the file, nothing fetched, readable on a phone."""

import base64
import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from argolane.report.details import LOG_LINES, details, is_web, took
from argolane.report.gantt import gantt
from argolane.report.headline import lines
from argolane.report.layout import graph
from argolane.report.results import links, results
from argolane.workflow.run.failure import reason

__all__ = ["LOG_LINES", "Picture", "render"]


@dataclass(frozen=True)
class Picture:
    """A PNG file that a task left."""

    task: str
    path: Path

    @property
    def caption(self) -> str:
        return f"{self.task}: {self.path.stem.replace('_', ' ')}"

    @property
    def source(self) -> str:
        return "data:image/png;base64," + base64.b64encode(self.path.read_bytes()).decode("ascii")


def render(
    *,
    name: str,
    status: Mapping[str, Any],
    parameters: Mapping[str, str],
    logs: Mapping[str, str],
    pictures: Iterable[Picture] = (),
    repository: str = "",
    prepared: Mapping[str, float] | None = None,
    services: Container[str] = (),
) -> str:
    """The page as text. `logs` by node path as `tree.walk` gives it, `repository` the web address of what was
    run, `prepared` the seconds in which environments were made, by the node's id; `services` the names by
    which tasks call what a browser finds at 127.0.0.1."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("argolane.report", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.tests["web"] = is_web
    nodes: Mapping[str, Any] = status.get("nodes") or {}
    told, drawn, linked = details(status, logs), results(status), links(status, services)
    headline = lines(status, repository, linked)
    named = {(one.task, name) for one in drawn for name in one.names}
    script = _part("page.js")
    return environment.get_template("page.html").render(
        name=name,
        status=status,
        took=took(status),
        headline=headline,
        links={
            task: several for task, several in linked.items() if task not in {one.task for one in headline}
        },
        reason=reason(status, lambda path: logs.get(path, "")),
        results=drawn,
        parameters=parameters,
        graph=graph(nodes),
        anchors={i: anchor for one in told for i, anchor in one.anchors.items()},
        gantt=gantt(nodes, prepared or {}),
        details=told,
        pictures=[one for one in pictures if (one.task, one.path.stem) not in named],
        style=_part("page.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _part(name: str) -> Markup:
    """A file of ours that goes into the page as it is."""
    return Markup((Path(__file__).parent / name).read_text(encoding="utf-8").strip())  # noqa: S704
