"""argolane.report makes one self-contained page of a run, and a browser shows it."""

import html.parser
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from argolane.project import Project
from argolane.report import LOG_LINES, render
from argolane.report.gather import page
from argolane.report.layout import graph
from argolane.workflow.run.recorded import RunFolder

METRICS = '{"accuracy": 0.98125, "deep": {"n": 1}}'
STATUS: dict[str, Any] = {
    "phase": "Failed",
    "startedAt": "2026-01-01T00:00:00Z",
    "finishedAt": "2026-01-01T00:00:10Z",
    "nodes": {
        "w": {"id": "w", "displayName": "w", "type": "DAG", "phase": "Failed", "children": ["a", "b"]},
        "a": {"id": "a", "displayName": "a", "type": "Retry", "phase": "Succeeded", "boundaryID": "w",
              "children": ["a0"]},
        "a0": {"id": "a0", "displayName": "a(0)", "type": "Pod", "phase": "Succeeded", "boundaryID": "w",
               "templateName": "train", "startedAt": "2026-01-01T00:00:00Z",
               "finishedAt": "2026-01-01T00:00:05Z", "children": ["c"],
               "outputs": {"parameters": [{"name": "metrics", "value": METRICS},
                                          {"name": "folder", "value": "/store/m/0.1"}]}},
        "b": {"id": "b", "displayName": "b", "type": "Skipped", "phase": "Skipped", "boundaryID": "w",
              "message": "when 'false' evaluated false"},
        "c": {"id": "c", "displayName": "<c>", "type": "Pod", "phase": "Failed", "boundaryID": "w",
              "message": "Error (exit code 1)", "startedAt": "2026-01-01T00:00:05Z",
              "finishedAt": "2026-01-01T00:00:10Z"},
    },
}  # fmt: skip
WORKFLOW = {
    "kind": "Workflow",
    "spec": {
        "arguments": {"parameters": [{"name": "seed", "value": "7"}]},
        "volumes": [{"name": "s", "persistentVolumeClaim": {"claimName": "store"}}],
        "templates": [
            {"name": "train", "container": {"volumeMounts": [{"name": "s", "mountPath": "/store"}]}}
        ],
    },
}


def png() -> bytes:
    """One white pixel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\xff"))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Project, RunFolder]:
    """A run's folder as the local runner leaves it, and a claim with a picture."""
    import json

    from argolane.manifest import dump

    project = Project(tmp_path)
    folder = project.runs / "w"
    (folder / "logs").mkdir(parents=True)
    (folder / "status.json").write_text(json.dumps(STATUS))
    (folder / "workflow.yaml").write_text(dump({"metadata": {"name": "w"}, **WORKFLOW}))
    run = RunFolder(folder)
    run.log("w/<c>").write_text("first\nlast <script>alert(1)</script>\n")
    store = project.state / "volumes" / "store" / "m" / "0.1"
    store.mkdir(parents=True)
    (store / "training_curve.png").write_bytes(png())
    return project, run


def test_the_page_tells_everything_and_fetches_nothing(recorded: tuple[Project, RunFolder]) -> None:
    """Phase, parameters, metrics, message, log and picture are in the file, and no address is."""
    text = page(*recorded)
    for part in ("Failed", "seed", "0.98125", "deep.n", "Error (exit code 1)", "training curve"):
        assert part in text
    assert text.count("data:image/png;base64,") == 1
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)


def test_what_a_task_says_cannot_become_markup(recorded: tuple[Project, RunFolder]) -> None:
    """Names and logs are escaped; the only script is the page's own, which its policy names by hash."""
    tags: list[str] = []

    class Tags(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)

    Tags().feed(page(*recorded))
    assert tags.count("script") == 1
    assert "c" not in tags


def test_a_long_log_is_cut_and_says_so() -> None:
    """Only the end of a log is shown, with the number of lines before it."""
    logs = {"w/<c>": "\n".join(f"line {i}" for i in range(LOG_LINES + 5))}
    text = render(name="w", status=STATUS, parameters={"seed": "7"}, logs=logs)
    assert "5 lines before these" in text
    assert "line 4\n" not in text
    assert f"line {LOG_LINES + 4}" in text


def test_the_graph_folds_groups_and_attempts() -> None:
    """Tasks are boxes, a retried task is one box, and the arrow goes from it to what follows."""
    drawn = graph(STATUS["nodes"])
    assert {box.name for box in drawn.boxes} == {"a", "b", "<c>"}
    assert len(drawn.arrows) == 1
    places = {box.name: box.x for box in drawn.boxes}
    assert places["<c>"] > places["a"]


def test_an_empty_run_has_a_page() -> None:
    """A run that failed before its first node can be reported."""
    text = render(name="w", status={"phase": "Error", "message": "why"}, parameters={}, logs={})
    assert "why" in text
