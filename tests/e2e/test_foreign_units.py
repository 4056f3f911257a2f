"""What `argolane new model` writes goes the whole way: train, gate, serve, A/B, verify, report."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Command, outputs

pytestmark = [pytest.mark.environments, pytest.mark.timeout(500)]


@pytest.fixture(scope="module")
def units(checkout: Path, argolane: Command) -> Path:
    """models/ with a new folder of each kind, and the manifests rendered again."""
    for unit, kind in (("sugar", "regression"), ("moods", "text"), ("irises", "rows")):
        argolane("new", "model", unit, "--like", kind)
    argolane("render")
    return checkout / "models"


@pytest.fixture(scope="module")
def trained(units: Path, argolane: Command) -> Path:
    """The same, with a version of the regression in the store."""
    argolane("run", "train-sugar")
    assert outputs(argolane, "train-sugar", "gate")["metric"].startswith("rmse 5")
    return units


def test_nothing_that_was_rendered_changes(units: Path, checkout: Path) -> None:
    """Each folder brings its own files, and no other unit's manifest is another for it."""
    for folder in ("workflows/rendered", "k8s_serving/rendered"):
        for file in (ROOT / folder).glob("*.yaml"):
            # The one lists all files, the other has a request of every unit.
            if file.name not in ("kustomization.yaml", "load.template.yaml"):
                assert (checkout / folder / file.name).read_text() == file.read_text(), file.name


def test_a_regression_goes_the_whole_way(trained: Path, argolane: Command) -> None:
    """Trained, passed by its error, served and asked."""
    argolane("run", "serve-sugar")
    answer = json.loads(argolane("predict", "sugar", "--request", "models/sugar/request.json").stdout)
    [[value]] = answer["data"]["ndarray"]
    assert (answer["data"]["names"], 50 < value < 350) == (["progression"], True)
    argolane("delete", "deployment", "sugar")


@pytest.mark.heavy
def test_two_versions_of_one_unit_are_compared(trained: Path, argolane: Command) -> None:
    """Each passed by its error, then side by side as an A/B test."""
    argolane("run", "train-sugar", "-p", "version=0.2", "-p", "alpha=0.1")
    argolane("run", "ab-test-sugar", "-p", "a=sugar:0.1", "-p", "b=sugar:0.2", "-p", "requests=100")
    said = argolane("logs", "ab-test-sugar", "verify").stdout
    assert said.count("rmse 5") >= 2
    argolane("delete", "deployment", "sugar-ab")


@pytest.mark.heavy
def test_an_error_has_to_be_small(units: Path, argolane: Command) -> None:
    """`accept` counts in the metric's direction: an RMSE of 58 is not good enough for 40."""
    failed = argolane("run", "train-sugar", "-p", "version=bad", "-p", "accept=40", status=1)
    assert "accept is at most 40." in failed.stdout


@pytest.mark.heavy
def test_rows_of_a_new_model_are_told_apart(units: Path, argolane: Command) -> None:
    """The third kind trains as it is, and passes its gate."""
    argolane("run", "train-irises")
    assert float(outputs(argolane, "train-irises", "gate")["metric"].removeprefix("accuracy ")) >= 0.9


@pytest.mark.heavy
def test_text_goes_the_whole_way(units: Path, argolane: Command) -> None:
    """Sentences are rows from the training to the served answers, which verify counts right."""
    argolane("run", "train-moods")
    argolane("run", "serve-moods")
    assert "accuracy" in argolane("logs", "serve-moods", "verify").stdout
    answer = json.loads(argolane("predict", "moods", "--request", "models/moods/request.json").stdout)
    assert answer["data"]["names"] == ["bad", "good"]
    [[_, good]] = answer["data"]["ndarray"]
    assert good > 0.5
    argolane("delete", "deployment", "moods")


def test_the_report_shows_their_numbers(trained: Path, argolane: Command, tmp_path: Path) -> None:
    """One page for a run of a unit that the machinery knows nothing of."""
    page = tmp_path / "report.html"
    argolane("report", "train-sugar", "--out", str(page))
    assert "rmse" in page.read_text()
