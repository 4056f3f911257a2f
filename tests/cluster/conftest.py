"""What the cluster tests share: the lab's addresses, an installed argolane, and Seldon's double.

They run with `-m cluster` against the current kube context, and need the script of ../shared/cluster/lab, or
the one that LAB names, for an image registry and a git server that the cluster reaches. Runs without
`-m cluster` collect none of them. One namespace, one run at a time: not for pytest-xdist.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
NAMESPACE = "argolane"
sys.path.insert(0, str(HERE))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    needs_cluster = collection_path.name.startswith("test_cluster_")
    return True if needs_cluster and "cluster" not in config.option.markexpr else None


@dataclass(frozen=True)
class Lab:
    """Commands with the lab's environment; each fails the test with what it wrote when it fails."""

    script: Path
    environment: dict[str, str]
    registry: str  # with a path that no run before has used: the first build finds nothing there

    def run(self, *command: str, text: str | None = None, timeout: float = 600, ok: bool = True) -> str:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=ROOT,
            env=self.environment,
        )
        assert not ok or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + ("" if ok else done.stderr)

    def kubectl(self, *arguments: str, text: str | None = None, ok: bool = True) -> str:
        return self.run("kubectl", "--namespace", NAMESPACE, *arguments, text=text, ok=ok)

    def read(self, *arguments: str) -> Any:
        return json.loads(self.kubectl("get", *arguments, "--output", "json"))

    def publish(self, folder: Path, name: str) -> str:
        """The committed state of a checkout as a repository that pods can clone."""
        self.run(str(self.script), "publish", str(folder), name)
        return f"{self.environment['LAB_GIT']}/{name}.git"

    def submit(self, manifest: str, **parameters: str) -> str:
        """The run's name; parameters by their names with _ for -."""
        given = [f"--parameter={name.replace('_', '-')}={value}" for name, value in parameters.items()]
        file = f"workflows/rendered/{manifest}.yaml"
        return self.run("argo", "submit", "--namespace", NAMESPACE, file, "--output=name", *given).strip()

    def ended(self, name: str, *, within: float = 1500) -> Any:
        """The status of the run once it has ended."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            status = self.read("workflow", name).get("status") or {}
            if status.get("phase") in ("Succeeded", "Failed", "Error"):
                return status
            time.sleep(2)
        raise AssertionError(f"{name} has not ended in {within} s:\n{self.story(name)}")

    def succeeded(self, name: str, *, within: float = 1500) -> Any:
        status = self.ended(name, within=within)
        assert status["phase"] == "Succeeded", self.story(name)
        return status

    def story(self, name: str) -> str:
        """What a person would look at."""
        tree = self.run("argo", "get", "--namespace", NAMESPACE, "--no-color", name, ok=False)
        logs = self.run("argo", "logs", "--namespace", NAMESPACE, "--no-color", name, "--tail=40", ok=False)
        return f"{tree}\n{logs}"


def outputs(status: Any, task: str) -> dict[str, str]:
    """The output parameters of a task, by name."""
    for node in status["nodes"].values():
        found = (node.get("outputs") or {}).get("parameters")
        if node["displayName"] == task and found:
            return {p["name"]: p.get("value", "") for p in found}
    raise AssertionError(
        f"{task} has no outputs; there are {sorted(n['displayName'] for n in status['nodes'].values())}"
    )


def seconds(node: Any) -> float:
    begin, end = (
        time.mktime(time.strptime(node[k], "%Y-%m-%dT%H:%M:%SZ")) for k in ("startedAt", "finishedAt")
    )
    return end - begin


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The running lab; commands find kubectl and argo as `lab env` says."""
    script = Path(os.environ.get("LAB") or ROOT.parent / "shared/cluster/lab")
    if not script.is_file():
        pytest.fail(f"{script} is not there; LAB names the lab's script.")
    said = subprocess.run([str(script), "env"], capture_output=True, text=True, check=True).stdout
    pairs = re.findall(r"(\w+)=(\S+)", said.removeprefix("export "))
    given = {name: value.replace("$PATH", os.environ["PATH"]) for name, value in pairs}
    return Lab(script, {**os.environ, **given}, f"{given['LAB_REGISTRY']}/test-{int(time.time())}")


@pytest.fixture(scope="session")
def installed(lab: Lab) -> Lab:
    """An emptied namespace, then what scripts/install puts there; Argo and Seldon's CRD are the lab's."""
    lab.run("scripts/uninstall", "lab", "--with-models", timeout=300)
    lab.environment.update(ARGO_MANIFESTS="none", SELDON_CHART="none")
    lab.run("scripts/install", "lab")
    mirror = f"https://{lab.environment['LAB_REGISTRY']}"
    lab.run("env", f"REGISTRY_MIRROR={mirror}", f"CA_FILE={lab.environment['LAB_CA']}", "scripts/credentials")
    lab.kubectl("wait", "--for=condition=complete", "job/open-store", "--timeout=120s")
    return lab


@pytest.fixture(scope="session")
def seldon(installed: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Seldon's double, with argolane's orchestrator of this working tree in the executor's place."""
    context = tmp_path_factory.mktemp("orchestrator")
    for name in ("argolane", "authoring.lock"):
        installed.run("cp", "-r", str(ROOT / name), str(context))
    installed.run("cp", str(HERE / "Dockerfile"), str(context))
    image = f"{installed.registry}/orchestrator:test"
    installed.run(
        str(installed.script), "docker", "build", "--quiet", "--tag", image, str(context), timeout=900
    )
    installed.run(str(installed.script), "docker", "push", "--quiet", image)
    digest = installed.run(
        str(installed.script), "docker", "image", "inspect", "--format={{index .RepoDigests 0}}", image
    )
    log = (context / "double.log").open("w")
    command = [sys.executable, str(HERE / "seldon_double.py"), "--image", digest.strip()]
    double = subprocess.Popen(command, env=installed.environment, stdout=log, stderr=log)
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
    """Submits `mnist` with the build switched on; the run's name."""

    def submit(version: str, **more: str) -> str:
        revision = seldon.run("git", "rev-parse", "HEAD").strip()
        given = {"repo": repository, "revision": revision, "registry": seldon.registry, "version": version,
                 "build": "true", "dataset": "digits", "deploy_timeout": "300", **more}  # fmt: skip
        return seldon.submit("mnist", **given)

    return submit
