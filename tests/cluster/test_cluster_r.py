"""R on a cluster: both images are built from the unit's own Dockerfile, it trains, and is served by R.

Alone, and as an arm beside those of Python.
"""

import json

import pytest
from lab import Lab, outputs

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]


def test_r_trains_and_serves(seldon: Lab, repository: str) -> None:
    """By the same workflows as every unit: the tags of the deployment's answers are the trained version's."""
    asked = {"repo": repository, "version": "0.1"}
    told = seldon.succeeded(seldon.build("train-r-mnist", **asked, trees="20", accept="0.9"))
    made = json.loads(outputs(told, "train")["version"])
    assert made["unit"] == "r_mnist" and made["image"].startswith(
        f"{seldon.registry}/r-mnist-trainer@sha256:"
    )
    given = {"revision": seldon.revision, "registry": seldon.registry, "build": "true", "accept": "0.9"}
    told = seldon.succeeded(seldon.submit("serve-r-mnist", **asked, **given, deploy_timeout="400"))
    [path] = json.loads(outputs(told, "verify")["report"])["paths"]
    assert (path["rows"], path["version"], path["metric"]["name"]) == (360, "0.1", "accuracy")
    [container] = seldon.read("seldondeployment", "r-mnist")["spec"]["predictors"][0]["componentSpecs"][0][
        "spec"
    ]["containers"]
    assert container["image"].startswith(f"{seldon.registry}/r-mnist-runtime@sha256:")


def test_r_beside_the_arms_of_python(seldon: Lab, repository: str) -> None:
    """`mnist-3` builds, trains and serves all three; each is verified, as the node of its name."""
    given = {"accept": "0.9", "r_mnist_trees": "20", "deploy_timeout": "400"}
    told = seldon.succeeded(seldon.build("mnist-3", repository, "three", **given), within=2000)
    built = outputs(told, "build-runtimes")
    asked = seldon.read("seldondeployment", "mnist-abc")["spec"]["predictors"][0]["componentSpecs"][0]["spec"]
    assert {c["name"]: c["image"] for c in asked["containers"] if c["name"] in built} == {
        name: built[name] for name in ("sk-mnist", "tf-mnist", "r-mnist")
    }
    paths = {path["path"]: path for path in json.loads(outputs(told, "verify")["report"])["paths"]}
    assert set(paths) == {"sk-mnist", "tf-mnist", "r-mnist"}
    assert {path["version"] for path in paths.values()} == {"three"}
    assert all(path["metric"]["value"] > 0.9 and path["rows"] for path in paths.values())
