"""The trials of a search in a real MLflow: a run for the search, one below for each trial, once."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from models.contract.study import Tried
from models.registry.rest import Registry
from models.registry.trials import log
from tests.mlflow_site import Site, site

TRIALS = [
    Tried(0, "complete", {"hidden": 64}, 0.9, 1.5, curve=((1, 0.7), (2, 0.8))),
    Tried(1, "pruned", {"hidden": 2}, None, 0.5, curve=((1, 0.2),)),
    Tried(2, "failed", {"hidden": 1}, None, None, "ValueError: too few"),
]
DOCUMENT: dict[str, Any] = {
    "title": "Curve: best of 3 trials", "unit": "curve", "commit": "abc", "dirty": False,
    "metric": {"name": "accuracy", "value": 0.9, "better": "higher"},
    "data": {"description": "rows", "sha256": "12"}, "best": {"number": 0},
    "counts": {"complete": 1, "pruned": 1, "failed": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site")) as made:
        yield made


def write(uri: str, name: str) -> dict[str, str]:
    return log(uri, name, DOCUMENT, {"hidden": 64, "seed": 0}, TRIALS)


def runs(uri: str, experiment: str, name: str) -> list[Any]:
    asked = {"experiment_ids": [experiment], "filter": f"tags.sweep = '{name}'", "max_results": 100}
    found: list[Any] = Registry(uri, "").call("POST", "runs/search", **asked)["runs"]
    return found


def pairs(listed: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key"]: one["value"] for one in listed}


@pytest.mark.heavy
@pytest.mark.environments
@pytest.mark.timeout(300)
def test_a_search_is_a_run_with_a_run_for_each_trial(
    mlflow: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Params, score and state of each; the parent has the best; a second writing changes nothing."""
    told = write(mlflow.uri, "s1")
    assert f"MLflow at {mlflow.uri}: run {told['run']} with 3 trials" in capsys.readouterr().out
    assert write(mlflow.uri, "s1") == told
    found = {one["info"]["run_name"]: one for one in runs(mlflow.uri, told["experiment"], "s1")}
    assert sorted(found) == ["s1", "trial 0", "trial 1", "trial 2"]
    states = {name: one["info"]["status"] for name, one in found.items()}
    assert states == {"s1": "FINISHED", "trial 0": "FINISHED", "trial 1": "KILLED", "trial 2": "FAILED"}
    parent = found.pop("s1")
    assert pairs(parent["data"]["params"]) == {"hidden": "64", "seed": "0"}
    assert pairs(parent["data"]["metrics"])["accuracy"] == 0.9
    assert {pairs(one["data"]["tags"])["mlflow.parentRunId"] for one in found.values()} == {told["run"]}
    assert pairs(found["trial 0"]["data"]["metrics"]) == {"accuracy": 0.9, "seconds": 1.5}
    assert pairs(found["trial 1"]["data"]["metrics"])["accuracy"] == 0.2
    assert pairs(found["trial 2"]["data"]["tags"])["reason"] == "ValueError: too few"


@pytest.mark.heavy
@pytest.mark.environments
@pytest.mark.timeout(300)
def test_what_was_written_in_part_is_written_anew(mlflow: Site) -> None:
    """Of a writer that was killed nothing is doubled."""
    told = write(mlflow.uri, "s2")
    Registry(mlflow.uri, "").call("POST", "runs/update", run_id=told["run"], status="RUNNING")
    again = write(mlflow.uri, "s2")
    assert again["run"] != told["run"]
    assert len(runs(mlflow.uri, told["experiment"], "s2")) == 4


def test_where_no_server_answers_nothing_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Which is said, at once, and is no error."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert write(uri, "s3") == {}
    assert f"MLflow at {uri} does not answer, so nothing is logged there: " in capsys.readouterr().out
    assert write("", "s3") == {}
    assert "no server is named" in capsys.readouterr().out
