"""`get runs --metrics` and `compare runs`: real runs of a small workflow, side by side."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Call

TRAIN = """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: learn}
spec:
  entrypoint: train
  arguments: {parameters: [{name: rate, value: "0.5"}, {name: data, value: toy}, {name: accept, value: "9"}]}
  templates:
  - name: train
    outputs: {parameters: [{name: version, valueFrom: {path: /tmp/version}}]}
    container:
      image: python:3.11
      command: [sh, -c]
      args:
      - |
        echo "learning"
        printf '{"unit": "u", "version": "1", "metric": {"name": "rmse", "value": %s, "better": "lower"},
          "data": {"description": "%s (8/2)", "sha256": "%s"}}' "$RATE" "$DATA" "$DATA" > /tmp/version
        [ "$ACCEPT" = 9 ] || { echo "not good enough"; exit 1; }
      env:
      - {name: RATE, value: "{{workflow.parameters.rate}}"}
      - {name: DATA, value: "{{workflow.parameters.data}}"}
      - {name: ACCEPT, value: "{{workflow.parameters.accept}}"}
"""


@pytest.fixture
def learned(call: Call, root: Path) -> Path:
    """The folder of runs: slow and fast, on the same data; refused, on others; toy, of another workflow."""
    (root / "wf/learn.yaml").write_text(TRAIN)
    call("run", "learn", "--name", "slow", "-p", "rate=0.7")
    call("run", "learn", "--name", "fast")
    call("run", "learn", "--name", "refused", "-p", "data=other", "-p", "accept=1", status=1)
    call("run", "toy", "--name", "toy-1")
    return root / ".argolane/runs"


def test_runs_are_listed_with_what_they_measured(call: Call, learned: Path) -> None:
    """Workflow, metric, direction, data, parameters that differ; on demand the best, and latest, first."""
    told = json.loads(call("get", "runs", "--metrics", "--sort", "metric", "-o", "json").stdout)
    assert [one["name"] for one in told] == ["toy-1", "refused", "fast", "slow"]
    fast = told[2]
    assert (fast["workflow"], fast["on"], fast["phase"], fast["reason"]) == (
        "learn",
        "local",
        "Succeeded",
        "",
    )
    assert fast["parameters"] == {"rate": "0.5", "data": "toy", "accept": "9"}
    [metric] = fast["metrics"]
    assert (metric["name"], metric["value"], metric["better"]) == ("rmse", 0.5, "lower")
    assert (metric["data"], metric["data_sha256"]) == ("toy (8/2)", "toy")
    assert told[0]["metrics"][0]["value"] == 0.9
    lines = call("get", "runs", "--metrics").stdout.splitlines()
    head = lines[0].split()
    assert head[:7] == ["NAME", "WORKFLOW", "PHASE", "OF", "METRIC", "VALUE", "DATA"]
    assert head[7:] == ["TOOK", "STARTED", "PARAMETERS"]
    assert [line.split()[0] for line in lines[1:]] == ["toy-1", "refused", "fast", "slow"]
    assert "rmse ↓" in lines[3]
    assert lines[4].rstrip().endswith("rate=0.7 data=toy accept=9")


def test_a_list_is_a_csv(call: Call, learned: Path) -> None:
    """A line for each run, with a column for each parameter that differs."""
    rows = list(csv.DictReader(io.StringIO(call("get", "runs", "--metrics", "-o", "csv").stdout)))
    assert [(row["run"], row["metric"], row["value"], row["parameter.rate"]) for row in rows] == [
        ("toy-1", "accuracy", "0.9", ""),
        ("refused", "rmse", "0.5", "0.5"),
        ("fast", "rmse", "0.5", "0.5"),
        ("slow", "rmse", "0.7", "0.7"),
    ]


def test_runs_stand_side_by_side(call: Call, learned: Path) -> None:
    """The lower rmse has the star; a workflow's name is its latest run; all parameters on demand."""
    text = call("compare", "runs", "slow", "fast").stdout
    lines = {line.split("  ")[0]: line.split() for line in text.splitlines()}
    assert lines["rmse (lower is better)"][-3:] == ["0.7000", "0.5000", "*"]
    assert lines["-p rate"] == ["-p", "rate", "0.7", "0.5"]
    assert "-p data" not in lines
    assert "train" in text
    assert "-p data" in call("compare", "runs", "slow", "fast", "--all").stdout
    told = json.loads(call("compare", "runs", "fast", "learn", "-o", "json").stdout)
    assert [one["name"] for one in told["runs"]] == ["fast", "refused"]
    assert told["runs"][1]["reason"].endswith("(exit code 1): learning not good enough")
    assert told["parameters"]["data"] == {"fast": "toy", "refused": "other"}
    [metric] = told["metrics"]
    assert (metric["best"], metric["sameData"]) == ([], False)
    assert set(told["durations"]["train"]) == {"fast", "refused"}


def test_what_is_compared_over_different_data_says_so(call: Call, learned: Path) -> None:
    """A better value on other rows means little, and the reader is told."""
    text = call("compare", "runs", "fast", "refused").stdout
    assert text.splitlines()[-1].startswith("The data differ: rmse is not of the same rows")


def test_what_was_kept_of_a_run_on_a_cluster_is_compared(call: Call, learned: Path) -> None:
    """Its status has the same shape; a broken record, and one that goes on, are left out."""
    kept = learned / "kept"
    kept.mkdir()
    status = json.loads((learned / "fast/status.json").read_text())
    parameters = [{"name": "rate", "value": "0.5"}, {"name": "data", "value": "toy"}]
    status["storedWorkflowTemplateSpec"] = {"arguments": {"parameters": parameters}}
    (kept / "status.json").write_text(json.dumps(status))
    (kept / "workflow.yaml").write_text(
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: kept, namespace: there}\n"
        "spec: {workflowTemplateRef: {name: learn}, arguments: {parameters: [{name: rate, value: '0.6'}]}}\n"
    )
    told = {one["name"]: one for one in json.loads(call("get", "runs", "--metrics", "-o", "json").stdout)}
    assert (told["kept"]["on"], told["kept"]["workflow"]) == ("argo", "learn")
    assert told["kept"]["parameters"]["rate"] == "0.6"
    assert "-p rate" in call("compare", "runs", "fast", "kept").stdout
    for broken in ("{", json.dumps(status | {"phase": "Running"})):
        (kept / "status.json").write_text(broken)
        assert "kept" not in call("get", "runs", "--metrics").stdout


def test_a_broken_record_hides_no_other(call: Call, learned: Path) -> None:
    """The list has all runs; the broken one is in Error, and its reason says what to do."""
    (learned / "slow/status.json").write_text('{"phase": "Runn')
    (learned / "fast/submission.json").write_text("[")
    told = {one["name"]: one for one in json.loads(call("get", "runs", "--metrics", "-o", "json").stdout)}
    assert told["slow"]["phase"] == "Error"
    assert "argolane retry slow" in told["slow"]["reason"]
    assert told["fast"]["metrics"][0]["value"] == 0.5
    assert call("compare", "runs", "slow", "refused", status=1).stderr.count("\n") == 1


def test_no_run_is_no_table(call: Call) -> None:
    """An empty project has an empty list."""
    assert call("get", "runs", "--metrics").stdout == "No runs.\n"
    assert json.loads(call("get", "runs", "--metrics", "-o", "json").stdout) == []
    assert call("get", "runs", "--metrics", "-o", "csv").stdout.startswith("run,workflow,")


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["compare", "runs", "toy-1"], 2, "toy-1 alone; expected two different runs"),
        (["compare", "runs", "toy-1", "toy"], 2, "toy-1 is named twice"),
        (["compare", "runs", "toy-1", "tyo-1"], 1, "Did you mean 'toy-1'?"),
        (["compare", "runs"], 2, "RUN"),
        (["get", "--metrics"], 2, "argolane get runs --metrics"),
        (["get", "toy-1", "--metrics"], 2, "argolane get runs --metrics"),
        (["get", "runs", "--metrics", "-w"], 2, "-w: with --metrics"),
        (["get", "runs", "--metrics", "-o", "tree"], 2, "-o tree: with --metrics"),
        (["get", "runs", "--sort", "metric"], 2, "argolane get runs --metrics --sort metric"),
        (["get", "runs", "-o", "csv"], 2, "argolane get runs --metrics -o csv"),
        (["get", "runs", "--metrics", "-n", "x"], 2, "Add --on argo"),
    ],
)
def test_what_cannot_be_meant_is_an_error(call: Call, arguments: list[str], status: int, words: str) -> None:
    """One line that says what to do."""
    call("run", "toy", "--name", "toy-1")
    assert words in call(*arguments, status=status).stderr
