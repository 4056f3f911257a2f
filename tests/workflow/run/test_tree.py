"""argolane.workflow.tree draws Argo's status; argolane.workflow.live follows events."""

import io
from typing import Any

from rich.console import Console

from argolane.cli.live import following
from argolane.workflow.run.events import NodeChanged, Printed, RunChanged
from argolane.workflow.run.tree import draw, duration, walk

STATUS: dict[str, Any] = {
    "phase": "Failed",
    "nodes": {
        "w": {"id": "w", "displayName": "w", "type": "DAG", "phase": "Failed", "children": ["a"]},
        "a": {"id": "a", "displayName": "a", "type": "Retry", "phase": "Succeeded", "boundaryID": "w",
              "children": ["a0", "a1"], "startedAt": "2026-01-01T00:00:00Z"},
        "a0": {"id": "a0", "displayName": "a(0)", "type": "Pod", "phase": "Failed", "boundaryID": "w",
               "message": "Error (exit code 3)", "startedAt": "2026-01-01T00:00:00Z",
               "finishedAt": "2026-01-01T00:01:15Z"},
        "a1": {"id": "a1", "displayName": "a(1)", "type": "Pod", "phase": "Succeeded", "boundaryID": "w",
               "startedAt": "2026-01-01T00:01:15Z", "finishedAt": "2026-01-01T00:01:16Z", "children": ["b"]},
        "b": {"id": "b", "displayName": "b", "type": "Skipped", "phase": "Skipped", "boundaryID": "w",
              "message": "when 'false' evaluated false", "startedAt": "2026-01-01T00:01:16Z"},
    },
}  # fmt: skip


def test_the_tree_puts_attempts_under_their_retry_and_tasks_under_their_dag() -> None:
    """What merely follows a node (its `children`) is not drawn below it."""
    console = Console(file=io.StringIO(), width=100)
    console.print(draw(STATUS, "w"))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split("  ")[0].rstrip() for line in lines] == [
        "✖ w",
        "├── ✔ a",
        "│",
        "│",
        "└── ○ b",
    ]
    assert "✖ a(0)  1m15s  Error (exit code 3)" in lines[2]


def test_paths_join_display_names() -> None:
    """A node's path is that of the recorded cases: w/a/a(0)."""
    assert [path for path, _ in walk(STATUS)] == ["w", "w/a", "w/a/a(0)", "w/a/a(1)", "w/b"]


def test_a_status_without_nodes_is_drawn() -> None:
    """A run that failed before its first node still shows its phase and message."""
    console = Console(file=io.StringIO(), width=100)
    console.print(draw({"phase": "Error", "message": "no such template"}, "w"))
    assert "w" in console.file.getvalue()  # type: ignore[attr-defined]


def test_durations_are_short() -> None:
    """Seconds with a tenth, then minutes, then hours."""
    assert [duration(s) for s in (0.44, 75, 3700)] == ["0.4s", "1m15s", "1h1m"]


def test_plain_lines_tell_each_change_of_phase_once() -> None:
    """Where stdout is no terminal a change of phase is a line, and a repeated one is none."""
    out = io.StringIO()
    node = STATUS["nodes"]["a0"]
    with following(out) as observe:
        observe(RunChanged("Running"))
        observe(NodeChanged("w/a/a(0)", node))
        observe(NodeChanged("w/a/a(0)", node))
        observe(Printed("w/a/a(0)", "main", "stdout", b"not shown\n"))
    assert [line[9:] for line in out.getvalue().splitlines()] == [
        "Workflow Running",
        "a/a(0) Failed after 1m15s: Error (exit code 3)",
    ]


def test_logs_are_joined_to_lines() -> None:
    """Pieces of output that end in the middle of a line or a character come out whole."""
    out = io.StringIO()
    with following(out, logs=True) as observe:
        for piece in (b"z\xc3", b"\xbcri", b"ch\nnext"):
            observe(Printed("w/a", "main", "stdout", piece))
    assert out.getvalue() == "a | zürich\n"
