"""Runs of this machine: listed, also beside a broken record, told as JSON, deleted by age and by phase."""

import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Call


@pytest.fixture
def three(call: Call, root: Path) -> Path:
    """The folder of three runs: good, bad (which has failed) and cut, whose status was cut short."""
    call("run", "toy", "--name", "good", "-p", "mode=b", "-p", "code=0")
    call("run", "toy", "--name", "bad", "-p", "code=3", status=1)
    call("run", "toy", "--name", "cut", "-p", "code=4", status=1)
    runs = root / ".argolane/runs"
    (runs / "cut/status.json").write_text('{"phase": "Runn')
    return runs


@pytest.mark.parametrize(
    "text", ['{"phase": "Ru', "", "[]", "null", '{"a": NaN', "\x00" * 300, "[" * 100_000]
)
def test_a_broken_record_hides_no_other(call: Call, three: Path, text: str) -> None:
    """The list has all runs with what was given and the metric; the broken one says so, on one line."""
    (three / "cut/status.json").write_text(text)
    runs = {run["name"]: run for run in json.loads(call("get", "runs", "-o", "json").stdout)}
    assert runs["good"]["parameters"] == {"mode": "b"}
    assert (runs["good"]["metric"], runs["good"]["phase"]) == ("accuracy=0.9", "Succeeded")
    assert runs["bad"]["parameters"] == {"code": "3"}
    assert runs["cut"]["phase"] == "Error"
    assert runs["cut"]["message"] == (
        ".argolane/runs/cut/status.json: is not the JSON that a runner wrote: the record is broken. "
        "Go on with: argolane retry cut"
    )
    assert len(call("get", "runs").stdout.splitlines()) == 4
    for command in ("get", "logs", "report"):
        assert call(command, "cut", status=1).stderr.count("\n") == 1
    assert "good  Succeeded" in call("get", "good").stdout


def test_a_run_with_a_cut_status_can_be_retried(call: Call, three: Path) -> None:
    """What Succeeded is not run again, what failed is, and the record is whole afterwards."""
    done = call("retry", "cut", status=1)
    assert "cut Failed" in done.stdout
    assert (three / "cut/logs/cut.txt").read_text() == "hi\nhi\n"
    assert json.loads((three / "cut/status.json").read_text())["phase"] == "Failed"
    (three / "good/status.json").write_text("")
    assert "good Succeeded" in call("retry", "good").stdout
    assert (three / "good/logs/good.txt").read_text() == "hi\n"


def test_what_cannot_be_read_of_a_submission_is_one_line(call: Call, three: Path) -> None:
    """A retry needs what was submitted; without it the run can still be listed and deleted."""
    (three / "cut/submission.json").write_text('{"name": ')
    done = call("retry", "cut", status=1)
    file = ".argolane/runs/cut/submission.json"
    assert done.stderr == f"Error: {file}: is not the JSON that a runner wrote: the record is broken.\n"
    call("get", "runs")
    call("delete", "cut")


def test_runs_are_deleted_by_phase_and_age(call: Call, three: Path) -> None:
    """--failed and --older-than narrow each other; what goes on is kept; nothing to delete is said."""
    assert call("delete", "runs", "--failed", "--older-than", "1m").stdout == "No such run.\n"
    assert call("delete", "runs", "--failed").stdout == "Run 'cut' deleted.\nRun 'bad' deleted.\n"
    assert call("delete", "runs", "--older-than", "7d").stdout == "No such run.\n"
    status = json.loads((three / "good/status.json").read_text())
    (three / "good/status.json").write_text(json.dumps(status | {"finishedAt": "2020-01-01T00:00:00Z"}))
    assert call("delete", "runs", "--older-than", "7d").stdout == "Run 'good' deleted.\n"
    assert not list(three.iterdir())


def test_what_was_broken_long_ago_is_old(call: Call, three: Path) -> None:
    """A record that says no time is as old as its folder."""
    month = time.time() - 30 * 86400
    os.utime(three / "cut", (month, month))
    assert call("delete", "runs", "--older-than", "2w").stdout == "Run 'cut' deleted.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["delete", "runs"], "Which runs? Give --older-than, --failed or both, or else --all."),
        (["delete", "runs", "--all", "--failed"], "Which runs?"),
        (["delete", "runs", "--older-than", "7"], "expected a number and m, h, d or w, such as 7d."),
        (["delete", "runs", "--older-than", "-1d"], "expected a number and m, h, d or w"),
        (["delete", "x", "--failed"], "choose among runs"),
        (["get", "runs", "-w"], "-w draws the tree of one run"),
        (["get", "-w", "-o", "json"], "-w draws the tree of one run"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(call: Call, arguments: list[str], words: str) -> None:
    """Nothing is left out in silence."""
    done = call(*arguments, status=2)
    assert words in done.stderr


def test_json_is_alone_on_stdout(call: Call) -> None:
    """A run, a list of workflows and what lint finds, for a program to read."""
    run = json.loads(call("run", "toy", "-p", "code=2", "-o", "json", status=1).stdout)
    assert run["phase"] == "Failed"
    [workflow] = json.loads(call("list", "-o", "json").stdout)
    assert (workflow["name"], workflow["description"]) == ("toy", "A toy.")
    assert [parameter["name"] for parameter in workflow["parameters"]] == ["code", "mode"]
    Path("bad.yaml").write_text("kind: Workflow\napiVersion: argoproj.io/v1alpha1\nspec: {entrypoint: 3}\n")
    found = json.loads(call("lint", "bad.yaml", "-o", "json", status=1).stdout)
    assert {"where", "severity", "message"} == set(found[0])


@pytest.mark.parametrize("target", ["nope/page.html", "wf", "toy.yaml/page.html"])
def test_a_report_that_cannot_be_written_is_one_line(call: Call, root: Path, target: str) -> None:
    """The file is named, and the option that names another."""
    call("run", "toy")
    (root / "toy.yaml").touch()
    done = call("report", "-O", target, status=1)
    assert done.stderr.startswith(f"Error: {target}: ")
    assert done.stderr.endswith("Name another file with -O.\n")


def test_what_a_task_wants_to_be_read_is_told(call: Call, root: Path) -> None:
    """Its output parameter `note`: in the tree and in the summary; an empty one is nothing."""
    toy = (root / "wf/toy.yaml").read_text()
    told = (
        toy.replace("{name: toy,", "{name: told,")
        .replace("name: metric,", "name: note,")
        .replace("printf accuracy=0.9", "printf 'second best'")
    )
    (root / "told.yaml").write_text(told)
    (root / "none.yaml").write_text(told.replace("printf 'second best'", "printf ''"))
    done = call("run", "told.yaml", "--name", "told")
    assert done.stdout.splitlines()[-2] == "Task 'told': second best"
    assert call("get", "told").stdout.splitlines()[1].endswith("  second best")
    assert "Task" not in call("run", "none.yaml", "--name", "none").stdout
