"""argolane.report.headline: what was measured, and of which commit, stands on top of the page."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from argolane.project import Project
from argolane.report import render
from argolane.report.gather import page
from argolane.report.headline import lines, repository, web_address
from argolane.workflow.run.recorded import RunFolder

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def arm(unit: str, value: float, better: str, *, dirty: bool = False) -> dict[str, Any]:
    """A node that has trained a version."""
    version = {
        "unit": unit, "version": "0.1", "metric": {"name": "auc", "value": value, "better": better},
        "data": {"description": "toy (8/2)", "sha256": "a" * 64}, "commit": COMMIT, "dirty": dirty,
    }  # fmt: skip
    return {
        "id": unit, "displayName": f"train-{unit}", "type": "Pod", "phase": "Succeeded",
        "startedAt": "2026-01-01T00:00:00Z", "finishedAt": f"2026-01-01T00:00:0{len(unit)}Z",
        "outputs": {"parameters": [{"name": "version", "value": json.dumps(version)}]},
    }  # fmt: skip


STATUS: dict[str, Any] = {
    "phase": "Failed",
    "nodes": {
        "a": arm("a", 0.91, "higher"),
        "bb": arm("bb", 0.5, "lower", dirty=True),
        "gate": {"id": "gate", "displayName": "gate(0)", "type": "Pod", "phase": "Failed",
                 "message": "Error (exit code 1)", "finishedAt": "2026-01-01T00:00:09Z"},
    },
}  # fmt: skip


def test_each_arm_has_a_line() -> None:
    """Metric with its name and direction, unit and version, data, commit, and a link where there is one."""
    first, second = lines(STATUS, "https://host/a/b")
    assert (first.of, first.metric, first.value, first.direction) == (
        "a 0.1", "auc", "0.9100", "higher is better",
    )  # fmt: skip
    assert (first.data, first.commit) == ("toy (8/2)", COMMIT[:12])
    assert first.link == f"https://host/a/b/commit/{COMMIT}"
    assert (second.direction, second.commit) == ("lower is better", f"{COMMIT[:12]} with changes")
    assert second.link == first.link
    assert [line.link for line in lines(STATUS)] == ["", ""]


def test_the_page_opens_with_it() -> None:
    """Before the picture of the tasks: the reason of a failure with what the task said, and the arms."""
    logs = {"gate(0)": "auc 0.5; accept is at least 0.9\n"}
    text = render(name="w", status=STATUS, parameters={}, logs=logs, repository="https://host/a")
    top, _, _ = text.partition("<h2>Tasks</h2>")
    assert "gate: Error (exit code 1): auc 0.5; accept is at least 0.9" in top
    assert top.count("is better") == 2
    assert f'href="https://host/a/commit/{COMMIT}"' in top


def test_a_commit_that_is_none_is_text() -> None:
    """What a step of somebody else calls a commit is shown escaped, and never a link."""
    node = arm("a", 0.9, "higher")
    node["outputs"]["parameters"][0]["value"] = json.dumps(
        {"metric": {"name": "<b>", "value": 1, "better": "higher"}, "commit": '"><script>'}
    )
    status = {"phase": "Succeeded", "nodes": {"a": node}}
    text = render(name="w", status=status, parameters={}, logs={}, repository="https://host/a")
    assert text.count("<script>") == 1
    assert "<b>" not in text
    assert 'href="http' not in text
    assert "javascript" not in text


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://host/a/b.git", "https://host/a/b"),
        ("https://me:secret@host:8443/a/b/", "https://host:8443/a/b"),
        ("http://host/a", "http://host/a"),
        ("git@host:a/b.git", ""),
        ("git@github.com:a/b.git", "https://github.com/a/b"),
        ("ssh://git@gitlab.com:22/a/b/c.git", "https://gitlab.com/a/b/c"),
        ("ssh://git@git.example.org/a/b", "https://git.example.org/a/b"),
        ("git@github.com:b.git", ""),
        ("git@nas.example.org:/srv/git/a.git", ""),
        ("/srv/git/a.git", ""),
        ("javascript:alert(1)", ""),
        ("https://host:port/a", ""),
        ("https:///a", ""),
        ("", ""),
    ],
)
def test_a_remote_is_a_link_where_a_browser_opens_it(remote: str, address: str) -> None:
    """No name and no password of a remote gets into a page."""
    assert web_address(remote) == address


def test_the_remote_of_the_project_is_asked_for(tmp_path: Path) -> None:
    """The page of a recorded run links to the commit in the repository that the project was cloned from."""
    assert repository(tmp_path) == ""
    subprocess.run(["git", "-C", tmp_path, "init", "-q"], check=True)
    assert repository(tmp_path) == ""
    subprocess.run(
        ["git", "-C", tmp_path, "remote", "add", "origin", "https://me:pw@host/a/b.git"], check=True
    )
    folder = tmp_path / ".argolane/runs/w"
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(json.dumps(STATUS))
    text = page(Project(tmp_path), RunFolder(folder))
    assert f"https://host/a/b/commit/{COMMIT}" in text
    assert "pw@" not in text
