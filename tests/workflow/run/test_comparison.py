"""argolane.workflow.run.facts and .comparison: what differs, the better metric, reasons, durations."""

import json
from pathlib import Path
from typing import Any

from argolane.workflow.run import facts
from argolane.workflow.run.comparison import compare
from argolane.workflow.run.result import Run
from tests.workflow.run.test_measured import node, status


def run(name: str, values: dict[str, str], *nodes: dict[str, Any], workflow: str = "w") -> Run:
    return Run(name, "Succeeded", status=status(*nodes), workflow=workflow, values=values)


def version(value: float, better: str = "lower", *, unit: str = "u", data: str = "a", rows: str = "") -> str:
    metric = {"name": "rmse", "value": value, "better": better}
    told = {"sha256": data, "description": rows}
    return json.dumps({"unit": unit, "version": "1", "metric": metric, "data": told})


def test_parameters_differ_within_a_workflow() -> None:
    """In a list they are told between runs of one workflow; side by side between all that stand there."""
    runs = [
        run("a", {"seed": "0", "same": "1"}),
        run("b", {"seed": "1", "same": "1"}),
        run("c", {"seed": "9", "own": "x"}, workflow="other"),
    ]
    found = facts.of(runs)
    assert [one.parameters for one in found] == [{"seed": "0"}, {"seed": "1"}, {}]
    assert compare(found).parameters == {
        "seed": ("0", "1", "9"), "same": ("1", "1", None), "own": (None, None, "x"),
    }  # fmt: skip
    assert compare(found[:2], everything=True).parameters["same"] == ("1", "1")


def test_the_better_one_is_by_direction() -> None:
    """Of rmse the lowest; none where all are alike; a direction that one run tells holds for the others."""
    several = [run("a", {}, node("t", {"v": version(0.5)})), run("b", {}, node("t", {"metric": "rmse 0.4"}))]
    [metric] = compare(facts.of(several)).metrics
    assert (metric.of, metric.better, metric.best, metric.same_data) == ("", "lower", (1,), True)
    alike = compare(facts.of([several[0], several[0]])).metrics
    assert alike[0].best == ()
    unknown = [run(name, {}, node("t", {"metric": f"m 0.{name}"})) for name in ("1", "2")]
    assert compare(facts.of(unknown)).metrics[0].best == ()


def test_other_rows_of_one_file_are_other_data() -> None:
    """A search is judged on a part of the training rows: its score is not that of a version."""
    several = [run("a", {}, node("t", {"v": version(0.5, rows="digits (1149/288)")})),
               run("b", {}, node("t", {"v": version(0.4, rows="digits (1437/360)")}))]  # fmt: skip
    [metric] = compare(facts.of(several)).metrics
    assert not metric.same_data


def test_arms_are_compared_with_their_like() -> None:
    """Where a run has a metric twice they are told apart by unit; data that differ are said."""
    runs = [
        run("a", {}, node("x", {"v": version(0.5, unit="x")}), node("y", {"v": version(0.6, unit="y")})),
        run("b", {}, node("x", {"v": version(0.7, unit="x", data="b")})),
    ]
    found = compare(facts.of(runs)).to_dict()
    assert [(m["of"], m["values"], m["best"], m["sameData"]) for m in found["metrics"]] == [
        ("x", {"a": 0.5, "b": 0.7}, ["a"], False),
        ("y", {"a": 0.6}, [], True),
    ]


def test_runs_are_ordered() -> None:
    """By metric the best of each name first whatever its direction, by duration the shortest; others last."""
    runs = [
        run("none", {}),
        run("low", {}, node("t", {"v": version(0.5)})),
        run("lower", {}, node("t", {"v": version(0.4)})),
        run("high", {}, node("t", {"metric": "auc 0.9"})),
    ]
    for place, each in enumerate(runs):
        each.status.update(startedAt=f"2026-01-01T00:00:0{place}Z", finishedAt="2026-01-01T00:00:09Z")
    found = facts.of(runs)

    def names(by: str) -> list[str]:
        return [one.run.name for one in facts.ordered(found, by)]

    assert names("metric") == ["high", "lower", "low", "none"]
    assert names("duration") == ["high", "lower", "low", "none"]
    assert names("started") == ["high", "lower", "low", "none"]


def test_a_reason_has_the_task_and_what_it_said_last(tmp_path: Path) -> None:
    """Of the first task that failed: its message, with a short log whole and the last line of a long one."""
    failed = node("gate", {}) | {"phase": "Failed", "message": "Error (exit code 1)"}
    broken = Run("r", "Failed", "child failed", status(failed) | {"phase": "Failed"}, tmp_path)
    assert facts.why(broken) == "gate: Error (exit code 1)"
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs/gate.txt"
    log.write_text("worse than\nasked for\n")
    assert facts.why(broken) == "gate: Error (exit code 1): worse than asked for"
    log.write_text("Traceback\n a\n b\n c\nValueError: no\n\n")
    assert facts.why(broken).endswith(": ValueError: no")
    assert facts.why(Run("r", "Error", "no template", {"phase": "Error", "message": "no template"})) == (
        "no template"
    )
    assert facts.why(run("good", {})) == ""


def test_durations_are_of_tasks_not_of_attempts() -> None:
    """A task that was tried twice is there once, with all of its time."""
    begun = {"startedAt": "2026-01-01T00:00:00Z", "boundaryID": "w"}
    nodes = [
        {"id": "w", "displayName": "w", "type": "DAG", "phase": "Succeeded", **begun, "boundaryID": ""},
        node("train", {}, ended=9) | begun | {"type": "Retry", "children": ["train(0)", "train(1)"]},
        node("train(0)", {}, ended=4) | begun,
        node("train(1)", {}, ended=9) | begun,
        node("skip", {}, ended=9) | begun | {"type": "Skipped", "phase": "Skipped"},
    ]
    [found] = facts.of([run("a", {}, *nodes)])
    assert found.durations == {"train": 9.0}
