"""Bitcoin on a cluster: prices into the store, Beam in a pod; what beats the simple forecast is served."""

import json
from typing import Any

import pytest
from image_contents import configuration_and_layers
from lab import Lab, outputs, phases_of

from tests.credentials import in_layer, in_text

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]


def release(lab: Lab, repository: str, version: str, **more: str) -> str:
    """Submits a run on the made-up days, of the regression alone, of this commit's images; its name."""
    given = {"registry": lab.kept, "dataset": "synthetic", "estimator": "ridge", "deploy_timeout": "300"}
    return lab.build("bitcoin", repository, version, **{**given, **more})


@pytest.fixture(scope="session")
def learned(seldon: Lab, repository: str) -> Any:
    """Version 0.1: the status of its run."""
    return seldon.succeeded(release(seldon, repository, "0.1", trials="2"), within=2000)


def test_every_step_ran_in_the_trainers_image(seldon: Lab, learned: Any) -> None:
    """From this commit; move and transform tell where they have put what they made."""
    phases = phases_of(learned)
    steps = ("move", "transform", "train", "gate", "rollout")
    assert {name: phases[name] for name in steps} == dict.fromkeys(steps, "Succeeded")
    assert outputs(learned, "build-trainer")["commit"] == seldon.revision
    assert outputs(learned, "move")["url"].startswith("file:///mnt/model-store/.data/bitcoin/raw/")
    made = outputs(learned, "transform")
    assert (made["rows"], made["bad"]) == ("900", "1") and "/clean/" in made["url"]


def test_the_trials_are_told_with_their_metric(learned: Any) -> None:
    """Two were asked for; the best of them is what was trained with."""
    best = outputs(learned, "best")
    told = json.loads(best["report"])
    assert told["metric"]["name"] == "validation_rmse" and told["metric"]["better"] == "lower"
    assert [one["state"] for one in told["trials"]] == ["complete"] * 2 and told["mlflow"] == {}
    assert told["best"]["params"] == json.loads(best["best-params"])


def test_no_credential_is_in_the_images(seldon: Lab, learned: Any) -> None:
    """Neither in what they were made by, which is in their configuration, nor in a file of a layer."""
    for task in ("build-trainer", "build-runtime"):
        image = outputs(learned, task)["bitcoin"]
        for name, content in configuration_and_layers(image, seldon.environment["LAB_CA"]):
            whole = name == "configuration"
            assert not (in_text(content.read().decode()) if whole else in_layer(content)), name
            content.close()


def test_the_forecast_is_verified_and_named(learned: Any) -> None:
    """All held-out rows are answered as the version did; the rollout says what answers now."""
    rolled = outputs(learned, "rollout")
    assert (rolled["deployment"], rolled["version"]) == ("bitcoin", "0.1")
    [path] = json.loads(outputs(learned, "verify")["report"])["paths"]
    assert path["rows"] == 180 and path["version"] == "0.1"
    assert outputs(learned, "gate")["metric"].startswith("skill_low 0.")


def test_what_beats_nothing_is_not_served(seldon: Lab, repository: str, learned: Any) -> None:
    """Tomorrow's price: the gate ends the run, nothing is transformed again, 0.1 goes on answering."""
    name = release(seldon, repository, "0.2", target="next-close")
    status = seldon.ended(name)
    phases = phases_of(status)
    assert (status["phase"], phases["gate"], phases["rollout"]) == ("Failed", "Failed", "Omitted")
    assert outputs(status, "transform")["url"] == outputs(learned, "transform")["url"]
    [predictor] = seldon.read("seldondeployment", "bitcoin")["spec"]["predictors"]
    [container] = predictor["componentSpecs"][0]["spec"]["containers"]
    env = {one["name"]: one["value"] for one in container["env"]}
    assert env["MODEL_DIR"].endswith("/bitcoin/0.1")
