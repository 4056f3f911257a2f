"""The lab at a test's hand: its commands, runs that are submitted and awaited, and what came out of them."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
NAMESPACE = "argolane"
INITIALIZER = "initializer:0.1"  # below the registry's path: what Seldon's double fetches models with


@dataclass(frozen=True)
class Lab:
    """Commands with the lab's environment; each fails the test with what it wrote when it fails."""

    script: Path
    environment: dict[str, str]
    registry: str  # with a path that no run before has used: the first build finds nothing there
    kept: str  # with a path that stays: what is unchanged since a run before is not built again
    revision: str  # of this checkout, when the tests began

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

    def argolane(self, *arguments: str, ok: bool = True) -> str:
        return self.run(str(ROOT / ".venv/bin/argolane"), *arguments, ok=ok)

    def kubectl(self, *arguments: str, text: str | None = None, ok: bool = True) -> str:
        return self.run("kubectl", "--namespace", NAMESPACE, *arguments, text=text, ok=ok)

    def read(self, *arguments: str) -> Any:
        return json.loads(self.kubectl("get", *arguments, "--output", "json"))

    def image(self, name: str, context: Path, file: str, *arguments: str) -> str:
        """Builds an image and pushes it; its name.

        By the client in `docker:cli`: a Dockerfile that mounts secrets needs BuildKit, which the lab's daemon
        has, and which a newer client uses through buildx alone. What was built stays in the daemon's cache.
        """
        image, docker = f"{self.registry}/{name}", [str(self.script), "docker"]
        socket = self.environment["DOCKER_HOST"].removeprefix("unix://")
        self.run(
            *docker, "run", "--rm", "--env=DOCKER_BUILDKIT=1", f"--volume={socket}:/var/run/docker.sock",
            f"--volume={context}:/context:ro", "docker:cli", "docker", "build", "--progress=plain",
            *arguments, f"--tag={image}", f"--file=/context/{file}", "/context", timeout=900,
        )  # fmt: skip
        self.run(*docker, "push", "--quiet", image)
        return image

    def publish(self, folder: Path, name: str) -> str:
        """The committed state of a checkout as a repository that pods can clone."""
        self.run(str(self.script), "publish", str(folder), name)
        return f"{self.environment['LAB_GIT']}/{name}.git"

    def submit(self, manifest: str, **parameters: str) -> str:
        """The run's name; parameters by their names with _ for -."""
        return self._submit(f"workflows/rendered/{manifest}.yaml", parameters)

    def submit_installed(self, template: str, **parameters: str) -> str:
        """The same of a WorkflowTemplate as the cluster has it, for which no file is needed."""
        return self._submit(f"--from=workflowtemplate/{template}", parameters)

    def _submit(self, what: str, parameters: dict[str, str]) -> str:
        given = [f"--parameter={name.replace('_', '-')}={value}" for name, value in parameters.items()]
        return self.run("argo", "submit", "--namespace", NAMESPACE, what, "--output=name", *given).strip()

    def build(self, manifest: str, repo: str, version: str, **more: str) -> str:
        """Submits a run that builds its images from this checkout's commit; the run's name."""
        given = {"repo": repo, "revision": self.revision, "registry": self.registry, "version": version}
        return self.submit(manifest, **{**given, "build": "true", "dataset": "digits", **more})

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

    def pods(self, run: str) -> list[Any]:
        return list(self.read("pods", f"--selector=workflows.argoproj.io/workflow={run}")["items"])

    def at_work(self, run: str, template: str, words: str, *, within: float = 300) -> Any:
        """The pod of the run's template, once its log has the words."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            for pod in self.pods(run):
                name = pod["metadata"]["name"]
                if f"-{template}-" in name and words in self.kubectl("logs", name, "-c=main", ok=False):
                    return pod
            phase = (self.read("workflow", run).get("status") or {}).get("phase")
            assert phase in (None, "Pending", "Running"), self.story(run)
            time.sleep(0.5)
        raise AssertionError(f"{template} of {run} does not say {words!r}:\n{self.story(run)}")

    def lose(self, run: str, pod: str) -> None:
        """Takes a pod away as the loss of its node does, and wakes the run as docs/operations.md says.

        Argo 3.7.18 finds the pod gone, and waits for the results that it might still report until something
        else happens to the run, at the latest for 20 minutes.
        """
        self.kubectl("delete", "pod", pod, "--force", "--grace-period=0")
        end = time.monotonic() + 120
        while "pod deleted" not in json.dumps(self.read("workflow", run)["status"]["nodes"]):
            assert time.monotonic() < end, self.story(run)
            time.sleep(1)
        self.kubectl("annotate", "workflow", run, f"woken={time.time():.0f}")

    @contextmanager
    def forwarded(self, service: str, port: int = 8000) -> Iterator[str]:
        """Where a Service is reached from here."""
        command = ["kubectl", "--namespace", NAMESPACE, "port-forward", f"service/{service}", f":{port}"]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as forward:
            try:
                assert forward.stdout
                found = re.search(r"127\.0\.0\.1:\d+", forward.stdout.readline())
                assert found, f"{service} is not forwarded"
                yield f"http://{found[0]}"
            finally:
                forward.terminate()

    def place(self, claim: str) -> Path:
        """The folder of a claim's volume; the lab's are on this machine."""
        volume = self.read("persistentvolumeclaim", claim)["spec"]["volumeName"]
        return Path(self.read("persistentvolume", volume)["spec"]["hostPath"]["path"])

    def open_claims(self, *names: str) -> None:
        """Folders of root mean nothing to a pod's fsGroup: they are opened, as the store's is."""
        for name in names:
            bound = "--for=jsonpath={.status.phase}=Bound"
            self.kubectl("wait", f"persistentvolumeclaim/{name}", bound, "--timeout=120s")
            for folder, _, _ in os.walk(self.place(name)):
                Path(folder).chmod(0o777)

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


def phases_of(status: Any) -> dict[str, str]:
    """The phase of each task, by name; of tasks with one name that of the last: a Go map has no order."""
    nodes = sorted(status["nodes"].values(), key=lambda node: node["startedAt"] or "")
    return {node["displayName"]: node["phase"] for node in nodes}


def seconds(node: Any) -> float:
    begin, end = (
        time.mktime(time.strptime(node[k], "%Y-%m-%dT%H:%M:%SZ")) for k in ("startedAt", "finishedAt")
    )
    return end - begin
