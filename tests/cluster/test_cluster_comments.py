"""Comment moderation on a cluster: one image to train and serve, a claim for each run, a chain of four."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from lab import Lab, outputs, phases_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
NODES = ["comments-clean", "comments-tokens", "comments-tfidf", "comments-classify"]
STEPS = ["download", "clean", "tokens", "tfidf-train", "tfidf", "classify-train", "publish"]


def claims(lab: Lab, run: str = r"comments-\w+") -> dict[str, str]:
    """The claims that runs of `comments` have for themselves, now; of each the volume, once it has one."""
    found = {
        item["metadata"]["name"]: item["spec"].get("volumeName", "")
        for item in lab.read("persistentvolumeclaims")["items"]
    }
    return {name: volume for name, volume in found.items() if re.fullmatch(f"{run}-work", name)}


def release(lab: Lab, repository: str, version: str, **more: str) -> tuple[Any, set[str]]:
    """Version of `comments` from the made-up rows, built from this commit: the run's status, and its claims.

    The lab's volumes are folders of root, to which a pod's fsGroup means nothing: they are opened here, as
    the component open-store opens the store there.
    """
    run = lab.build("comments", repository, version, dataset="synthetic", deploy_timeout="300", **more)
    seen: set[str] = set()
    end = time.monotonic() + 2000
    while time.monotonic() < end and not (lab.read("workflow", run).get("status") or {}).get("finishedAt"):
        for claim, volume in claims(lab, run).items():
            if volume and claim not in seen:
                Path(lab.read("persistentvolume", volume)["spec"]["hostPath"]["path"]).chmod(0o777)
                seen.add(claim)
        time.sleep(0.5)
    return lab.succeeded(run, within=10), seen


@pytest.fixture(scope="session")
def learned(seldon: Lab, repository: str) -> tuple[Any, set[str]]:
    """Version 0.1: the status of its run, and the claims that it had while it ran."""
    return release(seldon, repository, "0.1")


@pytest.fixture(scope="session")
def learned_again(seldon: Lab, repository: str, learned: Any) -> Any:
    """Version 0.2, of another param and the same commit; the status of the run."""
    status, _ = release(seldon, repository, "0.2", c_param="0.5")
    return status


def containers(lab: Lab) -> list[Any]:
    predictor = lab.read("seldondeployment", "comments")["spec"]["predictors"][0]
    return list(predictor["componentSpecs"][0]["spec"]["containers"])


def test_every_step_ran_in_the_one_image(seldon: Lab, learned: tuple[Any, set[str]]) -> None:
    """The steps and the four nodes are one image of this commit, by its digest, and each node is its own."""
    status, _ = learned
    phases = phases_of(status)
    assert {name: phases[name] for name in STEPS} == dict.fromkeys(STEPS, "Succeeded")
    built = outputs(status, "build")
    assert built["commit"] == seldon.revision
    assert len({built[name] for name in ("comments", *NODES)}) == 1
    serving = {container["name"]: container for container in containers(seldon)}
    assert {c["image"] for c in serving.values()} == {built["comments"]}
    units = [{e["name"]: e["value"] for e in serving[name]["env"]}["UNIT"] for name in NODES]
    assert units == [name.replace("-", ".") for name in NODES]


def test_the_chain_is_verified_by_held_out_comments(learned: tuple[Any, set[str]]) -> None:
    """All rows went the one way through all four nodes, each with the image that was asked for."""
    report = json.loads(outputs(learned[0], "verify")["report"])
    [path] = report["paths"]
    assert path["path"] == " > ".join(NODES)
    assert path["rows"] == 40 and path["metric"]["name"] == "auc" and path["version"] == "0.1"


def test_the_claim_is_the_runs_own(seldon: Lab, learned: tuple[Any, set[str]]) -> None:
    """A run has one claim while it runs, and none once it has succeeded."""
    _, seen = learned
    assert len(seen) == 1
    end = time.monotonic() + 120
    while claims(seldon).keys() & seen and time.monotonic() < end:
        time.sleep(1)
    assert not claims(seldon).keys() & seen


def test_the_store_can_be_looked_into(seldon: Lab, learned: tuple[Any, set[str]]) -> None:
    """`argolane volume` lists a claim and reads a file of it, and leaves no pod behind."""

    def volume(*arguments: str, ok: bool = True) -> str:
        return seldon.argolane("volume", *arguments, "--on=argo", ok=ok)

    assert "model-store" in volume("ls").split()
    assert "version.json" in volume("ls", "model-store:comments/0.1")
    version = json.loads(volume("cat", "model-store:comments/0.1/version.json"))
    assert version["digest"] == outputs(learned[0], "gate")["digest"].removeprefix("sha256:")
    assert "Did you mean 'version.json'?" in volume("cat", "model-store:comments/0.1/versoin.json", ok=False)
    assert "argolane-volume" not in seldon.kubectl("get", "pods")


def test_a_new_version_reaches_every_node(
    seldon: Lab, learned: tuple[Any, set[str]], learned_again: Any
) -> None:
    """The same commit is not built again; other weights are rolled out to all four nodes, and verified."""
    assert outputs(learned_again, "build")["comments"] == outputs(learned[0], "build")["comments"]
    digest = outputs(learned_again, "gate")["digest"]
    assert digest != outputs(learned[0], "gate")["digest"]
    for container in containers(seldon):
        env = {e["name"]: e["value"] for e in container["env"]}
        assert env["MODEL_DIGEST"] == digest and env["MODEL_DIR"].endswith("/comments/0.2")
    [path] = json.loads(outputs(learned_again, "verify")["report"])["paths"]
    assert path["version"] == "0.2"
