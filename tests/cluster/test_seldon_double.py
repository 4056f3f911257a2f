"""The double of Seldon's controller makes what the real one made; needs no cluster."""

import base64
import json
from typing import Any

import seldon_double


def observed(name: str) -> Any:
    return json.loads((seldon_double.OBSERVED / name).read_text())


def decoded(deployment: dict[str, Any]) -> dict[str, Any]:
    """The deployment with ENGINE_PREDICTOR as a value, for order in JSON text has no meaning."""
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        for variable in container["env"]:
            if variable["name"] == "ENGINE_PREDICTOR":
                variable["value"] = json.loads(base64.b64decode(variable["value"]))
    return deployment


def test_deployment_is_the_observed_one() -> None:
    """Names, labels, containers, environment, probes and the orchestrator's graph are the recorded."""
    sdep = observed("sdep-ab-available.json")
    made, _ = seldon_double.objects(
        sdep, sdep["spec"]["predictors"][0], "seldonio/seldon-core-executor:1.17.1"
    )
    real = decoded(observed("deployment-ab.json"))
    assert decoded(made)["spec"] == real["spec"]
    for key in ("name", "namespace", "labels", "ownerReferences"):
        assert made["metadata"][key] == real["metadata"][key]


def test_services_are_the_observed_ones() -> None:
    """The predictor's Service and one for each container, with the ports that were seen."""
    sdep = observed("sdep-ab-available.json")
    _, made = seldon_double.objects(sdep, sdep["spec"]["predictors"][0], "image")
    real = observed("services-ab.json")
    assert [s["metadata"]["name"] for s in made] == [s["metadata"]["name"] for s in real]
    for mine, seen in zip(made, real, strict=True):
        assert mine["metadata"]["labels"] == seen["metadata"]["labels"]
        for key in ("ports", "selector", "type"):
            assert mine["spec"][key] == seen["spec"][key]


def test_status_is_the_observed_one() -> None:
    """All that is said of an Available deployment are the recorded."""
    sdep = observed("sdep-ab-available.json")
    real = sdep.pop("status")
    made = seldon_double.status(sdep, [observed("deployment-ab.json")], observed("services-ab.json"))
    for condition in (*made["conditions"], *real["conditions"]):
        del condition["lastTransitionTime"]
    assert made == real


def test_a_rollout_that_goes_on_is_creating() -> None:
    """Until the new pods are there, the state is Creating, as it was seen after each update."""
    sdep, deployment = observed("sdep-ab-available.json"), observed("deployment-ab.json")
    deployment["metadata"]["generation"] += 1
    assert seldon_double.status(sdep, [deployment], [])["state"] == "Creating"
