"""A search by its real command line: every trial is made once and finished once, whatever is killed."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import TRAINING, run
from tests.models.toy import copy_of_models

pytestmark = pytest.mark.environments

YAML = """\
name: curve
title: Curve
description: The distance of x from 3.
metric: {name: mae, better: lower, accept: 1}
train: {}
params:
  x: {type: float, value: 2.5, minimum: -10, maximum: 10, description: Where.}
  k: {type: choice, value: a, choices: [a, b], description: Which.}
  still: {type: int, value: 1, description: Not searched.}
search: {x: {low: 0, high: 5}, k: [a, b]}
resources: {train: {requests: {cpu: 10m}, limits: {cpu: "1"}}}
"""
TRAIN = """\
import os, time
from dataclasses import dataclass, field
from pathlib import Path
from models.contract.job import Job, run

@dataclass(frozen=True)
class Rows:
    x_train: list = field(default_factory=lambda: [0] * 10)
    y_train: list = field(default_factory=lambda: [3.0] * 10)
    x_test: list = field(default_factory=lambda: [0])
    y_test: list = field(default_factory=lambda: [1e9])  # of the test part: no trial may see it
    name: str = "rows"
    description: str = "rows"
    sha256: str = "-"

def main(job: Job) -> None:
    data = job.rows(Rows())
    if job.is_done(data):
        return
    with Path(os.environ["SEEN"]).open("a") as file:
        rows = f"{len(data.x_train)}/{len(data.x_test)}"
        file.write(f"{job.params.x} {job.params.k} {job.params.still} {rows}\\n")
    for step in range(1, 1 + int(os.environ.get("STEPS", "0"))):
        job.reached(step, abs(job.params.x - 3) + 1 / step)
    time.sleep(float(os.environ.get("PAUSE", "0")))
    if job.params.k == os.environ.get("BAD"):
        raise ValueError("no k of this kind")
    job.save({}, data, [job.params.x] * len(data.x_test), seconds=0)

if __name__ == "__main__":
    run(main)
"""


class Sweep:
    """The three steps in a folder of their own."""

    def __init__(self, root: Path, python: Path) -> None:
        self.root, self.python, self.study, self.outputs = (
            root,
            python,
            root / "store/.sweeps/study",
            root / "out",
        )
        unit = copy_of_models(root) / "curve"
        unit.mkdir()
        (unit / "model.yaml").write_text(YAML)
        (unit / "train.py").write_text(TRAIN)

    def step(self, name: str, *flags: str, status: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        command = (*self._command(name), *flags)
        done = run(self.python, *command, root=self.root, libraries=TRAINING, **self._env(), **env)
        assert done.returncode == status, done.stderr
        return done

    def make(self, *flags: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        return self.step("study", "--unit=curve", "--trials=6", *flags, status=status)

    def start(self, **env: str) -> "subprocess.Popen[str]":
        known = os.environ | {"PYTHONPATH": str(self.root)} | self._env() | env
        command = [str(self.python), *self._command("trials")]
        return subprocess.Popen(command, cwd=self.root, env=known, stdout=subprocess.PIPE, text=True)

    def _command(self, name: str) -> list[str]:
        return [
            "-m",
            "models.contract.sweep",
            name,
            f"--study={self.study.name}",
            f"--outputs={self.outputs}",
        ]

    def _env(self) -> dict[str, str]:
        return {"SEEN": str(self.root / "seen"), "MODEL_STORE": str(self.root / "store")}

    @property
    def seen(self) -> list[str]:
        path = self.root / "seen"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def report(self) -> dict[str, Any]:
        assert "MLflow: no server is named, so nothing is logged there" in self.step("best").stdout
        found: dict[str, Any] = json.loads((self.study / "report.json").read_text())
        return found


@pytest.fixture
def sweep(tmp_path: Path, trainer: Path) -> Sweep:
    return Sweep(tmp_path, trainer)


def test_the_best_of_the_trials_is_told_with_all_params(sweep: Sweep) -> None:
    """The first trial has the given values; none sees test rows or leaves a version; workers share."""
    sweep.make("--parallel=9", "--", "--still=7")
    assert json.loads((sweep.outputs / "workers").read_text()) == list(range(6))
    workers = [sweep.start(PAUSE="0.3") for _ in range(2)]
    told = [worker.communicate(timeout=100)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], told
    report = sweep.report
    assert [one["number"] for one in report["trials"]] == list(range(6))
    assert {one["state"] for one in report["trials"]} == {"complete"}
    assert report["trials"][0]["params"] == {"x": 2.5, "k": "a"}
    assert len(sweep.seen) == len(set(sweep.seen)) == 6
    assert {line.split(maxsplit=2)[2] for line in sweep.seen} == {"7 8/2"}
    least = min(report["trials"], key=lambda one: one["value"])
    assert report["best"] == least
    assert least["value"] == pytest.approx(abs(least["params"]["x"] - 3))
    outputs = {path.name: path.read_text() for path in sweep.outputs.iterdir()}
    assert float(outputs["x"]) == least["params"]["x"]
    assert (outputs["k"], outputs["still"]) == (least["params"]["k"], "7")
    assert outputs["best-metric"].startswith("mae ")
    told = json.loads(outputs["report"])
    assert told["metric"] == {"name": "mae", "value": least["value"], "better": "lower"}
    assert (told["unit"], told["data"], told["left_out"]) == (
        "curve",
        {"description": "rows", "sha256": "-"},
        0,
    )
    assert (told["best"], told["trials"]) == (report["best"], report["trials"])
    assert [path.name for path in (sweep.root / "store").iterdir()] == [".sweeps"]


def test_a_killed_trial_is_gone_on_with_and_counted_once(sweep: Sweep) -> None:
    """After kill -9 there is no best, and whoever comes next takes the trial with its values."""
    sweep.make()
    worker = sweep.start(PAUSE="60")
    deadline = time.monotonic() + 60
    while not sweep.seen:
        assert worker.poll() is None, "the worker ended before its first trial"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    assert "Trials 0, 1, 2, 3, 4, 5 are not finished" in sweep.step("best", status=1).stderr
    sweep.step("trials")
    assert sweep.seen[0] == sweep.seen[1]
    assert len(sweep.seen) == 7
    report = sweep.report
    assert [one["state"] for one in report["trials"]] == ["complete"] * 6
    assert "0 trials done here" in sweep.step("trials").stdout


def test_a_study_is_made_once(sweep: Sweep) -> None:
    """The same again is kept, other values are another study, and the seed alone says what is tried."""
    sweep.make()
    assert "kept" in sweep.make().stdout
    assert "it differs in seed" in sweep.make("--seed=1", status=1).stderr
    sweep.step("trials")
    first = sweep.report["trials"]
    sweep.study = sweep.root / "store/.sweeps/other"
    sweep.make()
    sweep.step("trials")
    assert [one["params"] for one in sweep.report["trials"]] == [one["params"] for one in first]
    sweep.study = sweep.root / "store/.sweeps/third"
    sweep.make("--seed=1")
    sweep.step("trials")
    assert [one["params"] for one in sweep.report["trials"]][1:] != [one["params"] for one in first][1:]


def test_a_trial_that_fails_is_an_answer(sweep: Sweep) -> None:
    """The sweep goes on without it; where all fail, the reason is told."""
    sweep.make('--search={"k": ["a", "b"]}')
    sweep.step("trials", BAD="b")
    trials = sweep.report["trials"]
    assert {one["params"]["k"]: one["state"] for one in trials} == {"a": "complete", "b": "failed"}
    assert {one["reason"] for one in trials} == {"", "ValueError: no k of this kind"}
    sweep.study = sweep.root / "store/.sweeps/bad"
    sweep.make('--search={"k": ["b"]}')
    sweep.step("trials", BAD="b")
    sweep.step("trials", BAD="b")
    assert "ValueError: no k of this kind" in sweep.step("best", status=1).stderr


def test_a_trial_that_is_behind_is_pruned(sweep: Sweep) -> None:
    """From the fifth on, at the third step; it counts, is not the best, and a seed prunes the same again."""
    sweep.make("--trials=12")
    sweep.step("trials", STEPS="6")
    report = sweep.report
    trials, counts = report["trials"], report["counts"]
    pruned = [one for one in trials if one["state"] == "pruned"]
    assert 0 < len(pruned) < 8 and min(one["number"] for one in pruned) >= 4
    assert counts == {"complete": 12 - len(pruned), "pruned": len(pruned), "failed": 0}
    least = min(abs(one["params"]["x"] - 3) for one in trials[:4])
    for one in trials:
        value, steps = abs(one["params"]["x"] - 3), 3 if one in pruned else 6
        assert (one["steps"], one["reached"]) == (steps, pytest.approx(value + 1 / steps))
        assert (one["value"], value > least) == (None, True) if one in pruned else one["value"] is not None
    assert f"at step 3: {pruned[0]['reached']:.6g}" in sweep.step("best").stdout
    sweep.study = sweep.root / "store/.sweeps/again"
    sweep.make("--trials=12")
    sweep.step("trials", STEPS="6")
    assert [one["state"] for one in sweep.report["trials"]] == [one["state"] for one in trials]


@pytest.mark.parametrize(("flags", "steps"), [(["--prune=false"], "6"), ([], "0")])
def test_nothing_is_pruned_that_is_not_to_be(sweep: Sweep, flags: list[str], steps: str) -> None:
    """Because it was said, or because the trainer tells nothing on its way."""
    sweep.make("--trials=8", *flags)
    sweep.step("trials", STEPS=steps)
    assert {one["state"] for one in sweep.report["trials"]} == {"complete"}


def test_without_trials_the_params_are_those_given(sweep: Sweep) -> None:
    """No worker is started, and the best is what was asked for."""
    sweep.make("--trials=0", "--", "--x=1")
    assert (sweep.outputs / "workers").read_text() == "[]"
    sweep.step("best")
    assert (sweep.outputs / "x").read_text() == "1.0"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ['--search={"x": {"low": 0, "high": 11}}'],
            "curve: search.x has high 11; expected float of at least -10",
        ),
        (["--search={"], "curve: search is '{'; expected JSON"),
        (["--study=../up"], "is '../up'; expected letters, digits"),
        (["--trials=-1"], "is '-1'; expected a whole number of at least 0."),
        (["--", "--x=99"], "--x: is '99'; expected float of at least -10 and at most 10."),
    ],
)
def test_wrong_searches_are_refused_before_anything_is_made(
    sweep: Sweep, flags: list[str], message: str
) -> None:
    """One line, and no folder."""
    step = ["-m", "models.contract.sweep", "study", "--study=study", "--unit=curve"]
    store = sweep.root / "store"
    done = run(sweep.python, *step, *flags, root=sweep.root, libraries=TRAINING, MODEL_STORE=store)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not sweep.study.exists()
