"""A run's events in, a live tree on a terminal or plain lines elsewhere out."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from argolane.workflow.run import failure
from argolane.workflow.run.events import Event, NodeChanged, Observer, Printed, RunChanged, Said
from argolane.workflow.run.recorded import RunFolder, tail
from argolane.workflow.run.result import Run
from argolane.workflow.run.status import ENDED
from argolane.workflow.run.tree import GROUPS, draw, duration, first_line, said_by, seconds, task_of, walk

_QUIET = (*GROUPS, "DAG", "Steps")
_LAST_LINES, _LAST_BYTES = 8, 4096
_TAIL = 100  # characters of a running task's last line


@contextlib.contextmanager
def following(out: IO[str], *, logs: bool = False) -> Iterator[Observer]:
    """An observer that draws to `out` until the block ends; `logs` adds what containers print."""
    if out.isatty() and not logs:
        yield from _terminal(out)
    else:
        yield _Lines(out, logs=logs)


def summary(result: Run, root: Path) -> Iterator[str]:
    """How a run ended, and for each task that failed where its log is and what it said last."""
    took = seconds(result.status)
    end = f" in {duration(took)}" if took is not None else ""
    failed = dict(failure.failed(result.status)) if result.folder is not None else {}
    # What a node says already is told below, with the task that it is about.
    told_below = {node.get("message") for node in (result.status.get("nodes") or {}).values()}
    message = "" if failed and result.message in told_below else result.message
    for _, node in walk(result.status):
        if node.get("type") == "Pod" and node.get("phase") == "Succeeded" and (note := said_by(node)):
            yield f"Task '{task_of(str(node['displayName']))}': {note}"
    yield f"{result.name} {result.phase}{end}" + (f": {message}" if message else "")
    if result.folder is None:
        return
    folder = RunFolder(result.folder)
    told: dict[str, str] = {}
    for path, node in failed.items():
        if (why := str(node.get("message") or "")) and why in told and not folder.log(path).is_file():
            yield f"Task '{node['displayName']}' {node['phase']}: as '{told[why]}'"
        else:
            told[why] = str(node["displayName"])
            log = folder.log(path)
            shown = log.relative_to(root) if log.is_relative_to(root) else log
            name, phase = node["displayName"], node["phase"]
            yield f"Task '{name}' {phase}: {why}" + (f". Log: {shown}" if log.is_file() else "")
            yield from (f"    {line}" for line in tail(log, _LAST_BYTES).splitlines()[-_LAST_LINES:])
    if result.phase != "Succeeded":
        shown = result.folder.relative_to(root) if result.folder.is_relative_to(root) else result.folder
        yield f"Record: {shown}. {_cure(result)}"


def _cure(result: Run) -> str:
    if result.namespace is None:
        return f"Go on from there: argolane retry {result.name}"
    name, namespace = result.name, result.namespace
    return (
        f"See it: argolane get {name} --on argo -n {namespace}. Go on: argo retry {name} -n {namespace}, "
        "or run it again."
    )


class _Lines:
    """One line for each change of phase and each new word of a node that waits, as a log file wants it."""

    def __init__(self, out: IO[str], *, logs: bool) -> None:
        self._out, self._logs = out, logs
        self._told: dict[str, tuple[str, str]] = {}
        self._pending: dict[tuple[str, str, str], bytes] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case NodeChanged(path, node):
                self._node(path, node)
            case Printed(path, container, stream, data) if self._logs:
                *whole, rest = (self._pending.pop((path, container, stream), b"") + data).split(b"\n")
                self._pending[path, container, stream] = rest
                for line in whole:
                    self._write(f"{path.rpartition('/')[2]} | {line.decode(errors='replace')}", stamp=False)
            case Said(text):
                self._write(text)
            case RunChanged(phase, message):
                # How it ended, and why, is the summary's.
                why = "" if phase in ENDED else message
                self._write(f"Workflow {phase}" + (f": {why}" if why else ""))

    def _node(self, path: str, node: dict[str, Any]) -> None:
        phase, words = str(node.get("phase") or "Pending"), str(node.get("message") or "")
        if phase == "Pending" or node.get("type") in _QUIET:
            return
        before, said = self._told.get(path, ("", ""))
        # What a running node waits for is news as well.
        if phase == before and (phase != "Running" or words in ("", said)):
            return
        self._told[path] = phase, words
        took = seconds(node)
        ended = f" after {duration(took)}" if took is not None and node.get("finishedAt") else ""
        skipped = phase in ("Skipped", "Omitted")
        message = f": {first_line(words)}" if words else ""
        self._write(f"{path.partition('/')[2] or path} {phase}{'' if skipped else ended}{message}")

    def _write(self, text: str, *, stamp: bool = True) -> None:
        now = f"{datetime.now().astimezone():%H:%M:%S} " if stamp else ""
        self._out.write(f"{now}{text}\n")
        self._out.flush()


def _terminal(out: IO[str]) -> Iterator[Observer]:
    from rich.console import Console
    from rich.live import Live

    console = Console(file=out, highlight=False)
    nodes: dict[str, dict[str, Any]] = {}
    last: dict[str, str] = {}

    def picture() -> Any:
        return draw({"nodes": dict(nodes)}, "waiting", notes=last) if nodes else "…"

    with Live(
        get_renderable=picture, console=console, refresh_per_second=8, vertical_overflow="ellipsis"
    ) as live:

        def observe(event: Event) -> None:
            match event:
                case NodeChanged(_, node):
                    nodes[node["id"]] = node
                    if node.get("finishedAt"):
                        last.pop(task_of(str(node["displayName"])), None)
                case Printed(path, _, _, data):
                    lines = [line for line in data.decode(errors="replace").splitlines() if line.strip()]
                    if lines:
                        last[task_of(path.rpartition("/")[2])] = lines[-1].strip()[:_TAIL]
                case Said(text):
                    live.console.print(text, style="dim")
                case RunChanged():
                    pass

        yield observe
