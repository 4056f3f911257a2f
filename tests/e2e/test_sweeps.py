"""A unit with `search:` has a workflow that searches, and whose runner may be killed in the middle."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Command
from tests.e2e.sweeping import report, retried_after_kill
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


def test_a_sweep_says_what_did_best(toy: Path, checkout: Path, argolane: Command) -> None:
    """All trials are told, the best is an output of its task, and the model store has no version of them."""
    argolane("run", "sweep-toy", "-p", "trials=3", "-p", "rows=500")
    told = report(checkout)
    assert [one["state"] for one in told["trials"]] == ["complete"] * 3
    assert told["best"]["value"] == max(one["value"] for one in told["trials"])
    assert "best: trial" in argolane("logs", "sweep-toy", "best").stdout
    assert not (checkout / ".argolane/volumes/model-store/toy").exists()


@pytest.mark.heavy
def test_a_search_out_of_bounds_is_refused(toy: Path, argolane: Command) -> None:
    """The param and its bounds are named before a trial starts."""
    failed = argolane("run", "sweep-toy", "-p", 'search={"rows": [5, 30]}', status=1)
    assert "toy: search.rows has 5; expected a list of values, each int of at least 20" in failed.stdout
    failed = argolane("run", "sweep-toy", "-p", "search=rows", status=1)
    assert "expected JSON in { and }" in failed.stdout + failed.stderr


@pytest.mark.heavy
def test_no_trial_is_lost_or_doubled_when_the_runner_is_killed(
    toy: Path, checkout: Path, argolane: Command
) -> None:
    """kill -9 in the middle of two trials, then retry: six trials, all complete, two of them begun twice."""
    retried_after_kill(checkout, argolane, "sweep-toy", "trials=6")
    told = report(checkout)
    assert [one["number"] for one in told["trials"]] == list(range(6))
    assert [one["state"] for one in told["trials"]] == ["complete"] * 6
