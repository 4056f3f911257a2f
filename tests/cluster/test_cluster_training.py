"""Training on a cluster: what is lost is made again, and runs side by side do not collide."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from lab import Lab, outputs

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
LONG = {"epochs": "200"}  # about a minute, so that there is a middle to interrupt

Train = Callable[..., str]


@pytest.fixture(scope="session")
def train(seldon: Lab, first: Any, repository: str) -> Train:
    """Submits `train-sk-mnist` of a version, whose image the first release built; the run's name."""
    return partial(seldon.build, "train-sk-mnist", repository)


def training(lab: Lab, run: str) -> Any:
    """The pod of the run that trains, once it is at it."""
    return lab.at_work(run, "train-sk-mnist", "epoch 3/")


def attempts(status: Any) -> list[str]:
    """The phases of the training's attempts."""
    nodes = status["nodes"].values()
    return sorted(n["phase"] for n in nodes if re.fullmatch(r"train\(\d\)", n["displayName"]))


def restart_node(lab: Lab) -> None:
    """As a machine that reboots: kubelet, every container and containerd end, and come back."""
    home = Path(lab.environment["KUBECONFIG"]).parent
    address = ["ctr", "--address", str(home / "run/containerd.sock"), "--namespace", "k8s.io", "tasks"]

    stop(home / "run/kubelet.pid")
    for container in lab.run(*address, "ls", "--quiet").split():
        # One that ended on its own in the meantime is an error of the command, and none of ours.
        subprocess.run([*address, "kill", "--signal", "SIGKILL", container], check=False, capture_output=True)
    stop(home / "run/containerd.pid")
    # `up` waits neither for containerd before it starts the kubelet, which ends when it cannot reach it, nor
    # for the kubelet: the API goes on calling the node ready for 40 s. So it is started until it answers, as
    # a service manager would.
    end = time.monotonic() + 180
    while not kubelet_answers():
        assert time.monotonic() < end, (home / "log/kubelet.log").read_text()[-3000:]
        if not running(home / "run/kubelet.pid"):
            (home / "run/kubelet.pid").unlink(missing_ok=True)
            lab.run(str(lab.script), "up", timeout=300)
        time.sleep(1)


def stop(file: Path) -> None:
    """End the program whose pid the file holds."""
    os.kill(int(file.read_text()), signal.SIGTERM)
    end = time.monotonic() + 30
    while running(file):
        assert time.monotonic() < end, f"{file.stem} has not ended"
        time.sleep(0.1)
    file.unlink()  # else `up` may take a process that nobody has waited for yet for one that runs


def running(file: Path) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{int(file.read_text())}/status").read_text()
    except OSError:
        return False


def kubelet_answers() -> bool:
    try:
        return httpx.get("http://127.0.0.1:10248/healthz", timeout=2, trust_env=False).text == "ok"
    except httpx.HTTPError:
        return False


def test_killed_training_is_tried_again(seldon: Lab, train: Train) -> None:
    """A pod that is deleted in the middle of training is replaced by one that goes through."""
    run = train(f"killed-{time.time():.0f}", **LONG)
    killed = training(seldon, run)["metadata"]
    seldon.kubectl("delete", "pod", killed["name"], "--wait=false")
    status = seldon.succeeded(run, within=600)
    # Argo makes a new try, or, where it had not seen the pod run yet, the same one again.
    assert attempts(status) in (["Error", "Succeeded"], ["Failed", "Succeeded"], ["Succeeded"])
    whole = [pod for pod in seldon.pods(run) if pod["status"]["phase"] == "Succeeded"]
    assert killed["uid"] not in {pod["metadata"]["uid"] for pod in whole}


def test_node_restart(seldon: Lab, train: Train) -> None:
    """A node that reboots in the middle of training takes its pod along; the run ends in Succeeded."""
    run = train(f"rebooted-{time.time():.0f}", **LONG)
    training(seldon, run)
    restart_node(seldon)
    status = seldon.succeeded(run, within=600)
    assert attempts(status) in (["Error", "Succeeded"], ["Failed", "Succeeded"], ["Succeeded"])
    assert outputs(status, "gate")["metric"].startswith("accuracy 0.9")


def test_two_versions_at_once(seldon: Lab, train: Train) -> None:
    """Two versions that are trained side by side are both whole, and each is what it was asked to be."""
    now = f"{time.time():.0f}"
    runs = {seed: train(f"side-{seed}-{now}", seed=seed) for seed in ("1", "2")}
    found = {seed: outputs(seldon.succeeded(run, within=600), "gate") for seed, run in runs.items()}
    assert found["1"]["digest"] != found["2"]["digest"]
    assert found["1"]["data"] == found["2"]["data"]


def test_one_version_twice_at_once(seldon: Lab, train: Train) -> None:
    """Two runs that train the same version at the same time end with the same model, and no half of one."""
    version = f"same-{time.time():.0f}"
    runs = [train(version) for _ in range(2)]
    first, second = (outputs(seldon.succeeded(run, within=600), "gate") for run in runs)
    assert first["digest"] == second["digest"]
