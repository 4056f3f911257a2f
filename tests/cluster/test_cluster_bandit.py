"""Bandits on a cluster: a router learns from rewards, and what it learned outlives its pod."""

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from lab import ROOT, Lab, outputs, phases_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
REQUESTS, LATE = 200, 30
ARMS = ["sk-mnist-a:0.1", "sk-mnist-b:tenth"]
REQUEST = json.loads((ROOT / "models/sk_mnist/request.json").read_text())
# What the router has learned, asked where it has it: beside the file lies SQLite's log of the last writes.
LEARNED = """
import json, os, sqlite3
file = sqlite3.connect(os.environ["STATE_FILE"], timeout=20)
print(json.dumps(file.execute("SELECT name, pulls, rewards, mean FROM arms ORDER BY name").fetchall()))
"""


@pytest.fixture(scope="session")
def taught(seldon: Lab, arms: dict[str, str]) -> Any:
    """The status of the run of two arms, each request of which was rewarded before the next."""
    return seldon.succeeded(
        seldon.submit_installed("bandit-mnist", requests=str(REQUESTS), parallel="1", **arms), within=900
    )


@pytest.fixture(scope="session")
def unlabelled(seldon: Lab, arms: dict[str, str], taught: Any) -> tuple[str, Any]:
    """The run of three arms whose labels are not known yet, and its status."""
    run = seldon.submit_installed(
        "bandit-mnist-3", requests=str(LATE), labels="late", c="sk_mnist:tenth", **arms
    )
    return run, seldon.succeeded(run, within=600)


def pods(lab: Lab, deployment: str) -> list[Any]:
    found = lab.read("pods", f"--selector=seldon-deployment-id={deployment}")["items"]
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def learned(lab: Lab, deployment: str) -> dict[str, tuple[int, int, float]]:
    """(pulls, rewards, mean) of each arm."""
    [pod] = pods(lab, deployment)
    told = lab.kubectl("exec", pod["metadata"]["name"], "-c=bandit", "--", "python", "-c", LEARNED)
    return {name: (pulls, rewards, mean) for name, pulls, rewards, mean in json.loads(told)}


def test_each_request_is_pulled_and_rewarded(seldon: Lab, taught: Any) -> None:
    """The better arm got most of them, and the pod mounts the claim that this is kept on."""
    phases = phases_of(taught)
    assert {phases[name] for name in ("guard", "build", "deploy", "verify", "traffic")} == {"Succeeded"}
    found = learned(seldon, "mnist-bandit")
    assert sorted(found) == ARMS
    assert sum(rewards for _, rewards, _ in found.values()) == REQUESTS
    assert sum(pulls for pulls, _, _ in found.values()) >= REQUESTS  # those of `verify`, too
    report = json.loads(outputs(taught, "traffic")["report"])
    assert {arm["arm"]: arm["requests"] for arm in report["seen"]} == {
        letter: found[name][1] for letter, name in zip("ab", ARMS, strict=True)
    }
    better, worse = (found[name] for name in ARMS)
    assert better[2] > worse[2] and better[1] > worse[1]
    [pod] = pods(seldon, "mnist-bandit")
    claims = {v["name"]: v["persistentVolumeClaim"]["claimName"] for v in pod["spec"]["volumes"]
              if "persistentVolumeClaim" in v}  # fmt: skip
    [router] = [c for c in pod["spec"]["containers"] if c["name"] == "bandit"]
    assert claims["router-state"] == "router-state"
    assert "/mnt/state" in {mount["mountPath"] for mount in router["volumeMounts"]}


def test_what_was_learned_outlives_the_pod(seldon: Lab, taught: Any) -> None:
    """The next pod begins with the pulls of the last one, and goes on from there."""
    before = learned(seldon, "mnist-bandit")
    [pod] = pods(seldon, "mnist-bandit")
    seldon.kubectl("delete", "pod", pod["metadata"]["name"])
    name = pods(seldon, "mnist-bandit")[0]["metadata"]["name"]
    seldon.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=180s")
    assert name != pod["metadata"]["name"]
    assert learned(seldon, "mnist-bandit") == before
    with seldon.forwarded("mnist-bandit-default") as url:
        for _ in range(10):
            answer = httpx.post(f"{url}/api/v1.0/predictions", json=REQUEST, timeout=20).json()
            assert answer["meta"]["routing"]["bandit"] in (0, 1)
    after = learned(seldon, "mnist-bandit")
    assert sum(pulls for pulls, _, _ in after.values()) == sum(p for p, _, _ in before.values()) + 10
    assert all(after[arm][0] >= before[arm][0] and after[arm][1:] == before[arm][1:] for arm in ARMS)


def test_labels_that_come_late_reach_the_router(
    seldon: Lab, unlabelled: tuple[str, Any], tmp_path: Path
) -> None:
    """Nothing is rewarded until `argolane feedback` has the labels; given again, they count once."""
    run, _ = unlabelled
    assert all(rewards == 0 for _, rewards, _ in learned(seldon, "mnist-bandit-3").values())
    file, labels = tmp_path / "run.sqlite", tmp_path / "labels.csv"
    command = f"{ROOT}/.venv/bin/argolane volume cat --on=argo"
    seldon.run("bash", "-c", f"{command} model-store:.observations/mnist-bandit-3/{run}.sqlite > '{file}'")
    with closing(sqlite3.connect(file)) as observed:
        puids = [puid for (puid,) in observed.execute("SELECT puid FROM observations ORDER BY number")]
    assert len(puids) == LATE
    with labels.open("w", newline="") as out:
        csv.writer(out).writerows([("puid", "truth"), *((puid, 3) for puid in puids), ("nobody", 1)])
    said = seldon.argolane("feedback", "mnist-bandit-3", f"--from={labels}", "--on=argo", ok=False)
    assert f"{LATE} labels counted, 0 were known before, 1 refused" in said
    assert "nobody: no recorded request has this puid" in said
    assert sum(rewards for _, rewards, _ in learned(seldon, "mnist-bandit-3").values()) == LATE
    again = seldon.argolane("feedback", "mnist-bandit-3", f"--from={labels}", "--on=argo", ok=False)
    assert f"0 labels counted, {LATE} were known before, 1 refused" in again
    assert sum(rewards for _, rewards, _ in learned(seldon, "mnist-bandit-3").values()) == LATE
    assert "argolane-volume" not in seldon.kubectl("get", "pods")
