"""Orders to a run that goes on elsewhere: resume, stop, terminate. Files in its folder, for its runner."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from argolane.disk import write_whole
from argolane.errors import ArgolaneError, unknown
from argolane.project import Project
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.run import recorded
from argolane.workflow.run.record import Record
from argolane.workflow.run.status import is_over

Kind = Literal["resume", "Stop", "Terminate"]


@dataclass(frozen=True)
class Order:
    """One order; `node` names a node by display name, name or id, '' means every suspended one."""

    kind: Kind
    node: str = ""
    answer: dict[str, Any] = field(default_factory=dict)

    def concerns(self, node: Node) -> bool:
        return not self.node or self.node in (node.display_name, node.name, node.id)


def resume(
    project: Project,
    run: str,
    *,
    node: str = "",
    parameters: Mapping[str, str] | None = None,
    message: str = "",
) -> None:
    """Let suspended nodes go on, with values for their supplied outputs."""
    record, status = _running(project, run)
    suspended = [n for n in status["nodes"].values() if n["type"] == "Suspend" and n["phase"] == "Running"]
    if node:
        names = {str(n[key]) for n in suspended for key in ("displayName", "name", "id")}
        if node not in names:
            known = [str(n["displayName"]) for n in suspended]
            raise ArgolaneError(unknown("suspended node", node, known, where=f"Run {run!r}: "))
    answer: dict[str, Any] = {"parameters": dict(parameters or {})}
    if message:
        answer["message"] = message
    _write(record, {"kind": "resume", "node": node, "answer": answer})


def stop(project: Project, run: str, *, terminate: bool = False) -> None:
    """End a run: its exit handlers still run, unless it is terminated."""
    record, _ = _running(project, run)
    _write(record, {"kind": "Terminate" if terminate else "Stop"})


def is_running(project: Project, run: str) -> bool:
    """Whether a process runs it now."""
    return Record(project.runs / run).has_runner


def orders(record: Record) -> list[Order]:
    """The orders that have come, each once."""
    try:
        files = sorted(entry.path for entry in os.scandir(record.control) if entry.name.endswith(".json"))
    except FileNotFoundError:
        return []
    found = []
    for name in files:
        file = Path(name)
        found.append(Order(**json.loads(file.read_text(encoding="utf-8"))))
        file.unlink()
    return found


def _running(project: Project, run: str) -> tuple[Record, dict[str, Any]]:
    folder = recorded.named(project, run)
    record, status = folder.record, folder.record.read_status()
    if is_over(status):
        raise ArgolaneError(f"Run {run!r} is over: {status['phase']}.")
    if not record.has_runner:
        raise ArgolaneError(f"Run {run!r} has no runner any more. Go on with: argolane retry {run}")
    return record, status


def _write(record: Record, order: Mapping[str, Any]) -> None:
    file = record.control / f"{time.time_ns()}-{os.getpid()}.json"
    write_whole(file, json.dumps(order))
