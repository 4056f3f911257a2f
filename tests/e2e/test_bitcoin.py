"""Bitcoin with no cluster: from prices to a verified forecast, asked as people ask. Prices are made up."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Command, outputs
from tests.e2e.sweeping import report, retried_after_kill

pytestmark = [pytest.mark.environments, pytest.mark.timeout(500)]


@pytest.fixture(scope="module")
def run(argolane: Command) -> subprocess.CompletedProcess[str]:
    return argolane("run", "bitcoin", "-p", "dataset=synthetic", "-p", "estimator=ridge")


def test_a_forecast_is_rolled_out_and_answers(
    run: subprocess.CompletedProcess[str], argolane: Command
) -> None:
    """Every step has run, the bad row is named, and the deployment answers as the version did."""
    assert "Succeeded" in run.stdout.splitlines()[-1]
    assert "left out: 2022-06-19" in argolane("logs", "bitcoin", "transform").stdout
    assert "against the simple forecast: rmse" in argolane("logs", "bitcoin", "gate").stdout
    assert "on 180 test rows of synthetic (676/180)" in argolane("logs", "bitcoin", "verify").stdout
    rolled = outputs(argolane, "bitcoin", "rollout")
    assert (rolled["deployment"], rolled["version"]) == ("bitcoin", "0.1")
    request = Path(__file__).parents[2] / "models/bitcoin/request.json"
    answer = json.loads(argolane("predict", "bitcoin", "--request", str(request)).stdout)
    assert answer["data"]["names"] == ["log_range"] and answer["meta"]["tags"]["version"] == "0.1"


@pytest.mark.heavy
def test_what_beats_nothing_is_not_served(
    run: subprocess.CompletedProcess[str], argolane: Command, checkout: Path
) -> None:
    """Tomorrow's price is not told better than by today's: the gate says so, and 0.1 goes on answering."""
    asked = ("dataset=synthetic", "estimator=ridge", "target=next-close", "version=0.2")
    done = argolane("run", "bitcoin", *(word for one in asked for word in ("-p", one)), status=1)
    said = done.stdout + done.stderr
    assert "bitcoin 0.2: skill_low -0." in said and "accept is at least 0" in said
    assert "tomorrow as today: " in said
    assert "It is there already" in argolane("logs", "bitcoin", "transform").stdout
    assert (checkout / ".argolane/volumes/model-store/bitcoin/0.2/version.json").is_file()
    assert "bitcoin" in argolane("get", "deployments").stdout


@pytest.mark.heavy
def test_a_wrong_parameter_ends_the_run_first(argolane: Command) -> None:
    """A place that is none, and a runner that is none, before anything starts."""
    for wrong, words in (
        ("data-url=/etc", "s3://BUCKET/PREFIX"),
        ("runner=rm -rf", "name of a runner of Beam"),
    ):
        done = argolane("run", "bitcoin", "-p", wrong, status=None)
        assert done.returncode != 0 and words in done.stdout + done.stderr


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_a_search_survives_its_runner(argolane: Command, checkout: Path) -> None:
    """kill -9 in the middle, then retry: each trial is there once; the best one's values are trained."""
    asked = ("dataset=synthetic", "trials=5", "epochs=6", "version=0.5", "accept=-9", "deploy=false")
    retried_after_kill(checkout, argolane, "bitcoin", *asked, "search-prune=false")
    told = report(checkout)
    assert [one["number"] for one in told["trials"]] == list(range(5))
    assert {one["state"] for one in told["trials"]} == {"complete"}
    assert told["metric"]["name"] == "validation_rmse"
    made = json.loads((checkout / ".argolane/volumes/model-store/bitcoin/0.5/version.json").read_text())
    assert told["best"]["params"].items() <= made["params"].items()
