"""A unit with `search:` has a workflow that searches, and whose runner may be killed in the middle."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Command
from tests.models.toy import toy_model

pytestmark = [pytest.mark.environments, pytest.mark.timeout(500)]


@pytest.fixture(scope="module")
def toy(checkout: Path, argolane: Command) -> Path:
    """The folder of a unit that may be searched; a trial of it takes a second."""
    folder = toy_model(checkout / "models")
    with (folder / "model.yaml").open("a") as file:
        file.write("search: {distance: {low: 1, high: 6}, blur: [true, false]}\n")
    train = folder / "train.py"
    text = train.read_text().replace(
        "    data = load(job.params)\n", "    data = job.rows(load(job.params))\n    time.sleep(1)\n"
    )
    train.write_text(text)
    argolane("render")
    return folder


def report(checkout: Path) -> dict[str, Any]:
    """Of the latest sweep."""
    found = checkout.glob(".argolane/volumes/model-store/.sweeps/*/report.json")
    told: dict[str, Any] = json.loads(max(found, key=lambda path: path.stat().st_mtime).read_text())
    return told


def test_a_sweep_says_what_did_best(toy: Path, checkout: Path, argolane: Command) -> None:
    """All trials are told, the best is an output of its task, and the model store has no version of them."""
    argolane("run", "sweep-toy", "-p", "trials=3", "-p", "rows=500")
    told = report(checkout)
    assert [one["state"] for one in told["trials"]] == ["complete"] * 3
    assert told["best"]["value"] == max(one["value"] for one in told["trials"])
    assert "best: trial" in argolane("logs", "sweep-toy", "best").stdout
    assert not (checkout / ".argolane/volumes/model-store/toy").exists()


def test_a_search_out_of_bounds_is_refused(toy: Path, argolane: Command) -> None:
    """The param and its bounds are named before a trial starts."""
    failed = argolane("run", "sweep-toy", "-p", 'search={"rows": [5, 30]}', status=1)
    assert "toy: search.rows has 5; expected a list of values, each int of at least 20" in failed.stdout
    failed = argolane("run", "sweep-toy", "-p", "search=rows", status=1)
    assert "expected JSON in { and }" in failed.stdout + failed.stderr


def test_no_trial_is_lost_or_doubled_when_the_runner_is_killed(
    toy: Path, checkout: Path, argolane: Command
) -> None:
    """kill -9 in the middle of two trials, then retry: six trials, all complete, two of them begun twice."""
    studies = checkout / ".argolane/volumes/model-store/.sweeps"
    before = set(studies.iterdir()) if studies.exists() else set()
    run = subprocess.Popen(
        [sys.executable, "-m", "argolane", "run", "sweep-toy", "-p", "trials=6"],
        cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 200
    while not any((study / "2.lock").exists() for study in [*studies.glob("[!.]*")] if study not in before):
        assert run.poll() is None, "the run ended before its third trial"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    run.wait()
    [study] = [study for study in studies.glob("[!.]*") if study not in before]
    argolane("retry", study.name)
    told = report(checkout)
    assert [one["number"] for one in told["trials"]] == list(range(6))
    assert [one["state"] for one in told["trials"]] == ["complete"] * 6
