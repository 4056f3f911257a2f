"""A run's events as plain lines: what a log file gets to see."""

import io
from typing import Any

from argolane.cli.live import following
from argolane.workflow.run.events import NodeChanged, Said


def lines(*nodes: dict[str, Any]) -> list[str]:
    """Without the time before each."""
    out = io.StringIO()
    with following(out) as observe:
        for node in nodes:
            observe(NodeChanged("run/deploy", {"type": "Pod", **node}))
        observe(Said("over"))
    return [line.partition(" ")[2] for line in out.getvalue().splitlines()]


def test_a_node_that_waits_tells_each_thing_once() -> None:
    """A phase is a line, and so is a new reason of a node that goes on running; silence is none."""
    running = {"phase": "Running"}
    assert lines(
        {"phase": "Pending"},
        running,
        running,
        {**running, "message": "is Creating: a"},
        {**running, "message": "is Creating: a"},
        {**running, "message": "is Creating: b"},
        running,
        {"phase": "Succeeded"},
        {"phase": "Succeeded"},
    ) == [
        "deploy Running",
        "deploy Running: is Creating: a",
        "deploy Running: is Creating: b",
        "deploy Succeeded",
        "over",
    ]
