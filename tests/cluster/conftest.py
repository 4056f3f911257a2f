"""What the cluster tests share: the lab's addresses, an installed argolane, and Seldon's double.

They run with `-m cluster` on the cluster of ../shared/cluster/lab, or of the script that LAB names, whatever
the current kube context is: they take Argo out of it and put it back. Runs without `-m cluster` collect none
of them. One namespace, one run at a time: not for pytest-xdist.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lab import HERE, INITIALIZER, ROOT, Lab


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    needs_cluster = collection_path.name.startswith("test_cluster_")
    return True if needs_cluster and "cluster" not in config.option.markexpr else None


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The running lab; commands find kubectl and argo as `lab env` says."""
    script = Path(os.environ.get("LAB") or ROOT.parent / "shared/cluster/lab")
    if not script.is_file():
        pytest.fail(f"{script} is not there; LAB names the lab's script.")
    said = subprocess.run([str(script), "env"], capture_output=True, text=True, check=True).stdout
    pairs = re.findall(r"(\w+)=(\S+)", said.removeprefix("export "))
    given = {name: value.replace("$PATH", os.environ["PATH"]) for name, value in pairs}
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    registry, kept = (f"{given['LAB_REGISTRY']}/{path}" for path in (f"test-{int(time.time())}", "kept"))
    return Lab(script, {**os.environ, **given}, registry, kept, revision.stdout.strip())


@pytest.fixture(scope="session")
def installed(lab: Lab) -> Lab:
    """An emptied cluster, then Argo and argolane as scripts/install puts them there; Seldon's CRD stays."""
    manifests = Path(lab.environment["KUBECONFIG"]).parent / "kustomize/argo"
    lab.environment.update(ARGO_MANIFESTS=str(manifests), SELDON_CHART="none")
    lab.run("scripts/uninstall", "lab", "--all", timeout=400)
    assert "NotFound" in lab.run("kubectl", "get", "crd", "workflows.argoproj.io", ok=False)
    lab.run("scripts/install", "lab")
    mirror = f"https://{lab.environment['LAB_REGISTRY']}"
    lab.run("env", f"REGISTRY_MIRROR={mirror}", f"CA_FILE={lab.environment['LAB_CA']}", "scripts/credentials")
    lab.kubectl("wait", "--for=condition=complete", "job/open-store", "--timeout=120s")
    return lab


@pytest.fixture(scope="session")
def seldon(installed: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Seldon's double; its executor is the shipped one, made from argolane's orchestrator of this tree."""
    context = tmp_path_factory.mktemp("orchestrator")
    for name in ("argolane", "authoring.lock"):
        installed.run("cp", "-r", str(ROOT / name), str(context))
    installed.run("cp", str(HERE / "Dockerfile"), str(context))
    docker = f"{installed.script} docker"
    stand_in, image = (f"{installed.registry}/{name}:test" for name in ("orchestrator", "executor"))
    installed.run(*docker.split(), "build", "--quiet", "--tag", stand_in, str(context), timeout=900)
    # What the product ships is built around it, with the product's script.
    installed.run("env", f"EXECUTOR={stand_in}", f"DOCKER={docker}", "scripts/executor", image)
    shown = [*docker.split(), "image", "inspect", "--format={{index .RepoDigests 0}}", image]
    digest = installed.run(*shown)
    log = (context / "double.log").open("w")
    command = [sys.executable, str(HERE / "seldon_double.py"), "--image", digest.strip()]
    # Tests that serve from S3 build it.
    environment = {**installed.environment, "STORAGE_INITIALIZER": f"{installed.registry}/{INITIALIZER}"}
    double = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield installed
        assert double.poll() is None, (context / "double.log").read_text()
    finally:
        double.terminate()
        double.wait(10)
        log.close()


@pytest.fixture(scope="session")
def repository(lab: Lab) -> str:
    return lab.publish(ROOT, "argolane")


@pytest.fixture(scope="session")
def release(seldon: Lab, repository: str) -> Callable[..., str]:
    """Submits `mnist` of a version; the run's name."""
    return partial(seldon.build, "mnist", repository, deploy_timeout="300")


@pytest.fixture(scope="session")
def first(seldon: Lab, release: Callable[..., str]) -> Any:
    """Version 0.1: from this repository's commit to a verified A/B test; the status of the run."""
    return seldon.succeeded(release("0.1"), within=2000)


@pytest.fixture(scope="session")
def arms(seldon: Lab, repository: str) -> dict[str, str]:
    """What graphs of two versions take: all rows taught the first, a tenth of them, twice each, the second.

    98 % of the rows against 76: some hundred requests tell them apart whatever chance does.
    """
    for version, taught, epochs in (("0.1", "1.0", "8"), ("tenth", "0.1", "2")):
        more = {"registry": seldon.kept, "accept": "0.2", "share": taught, "epochs": epochs}
        seldon.succeeded(seldon.build("train-sk-mnist", repository, version, **more))
    images = {"repo": repository, "revision": seldon.revision, "registry": seldon.kept, "build": "true"}
    return {**images, "a": "sk_mnist:0.1", "b": "sk_mnist:tenth", "accept": "0.2", "deploy_timeout": "300"}
