"""The life of a deployment, with the shipped manifests: released, updated, broken, put back.

Each step is a fixture that needs the one before, so that one test can be asked for alone. Times are for two
cores; what is waited for is bounded.
"""

import json
import re
import subprocess
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lab import NAMESPACE, ROOT, Lab, outputs, seconds

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
URL = f"http://mnist-ab-default.{NAMESPACE}.svc.cluster.local:8000/api/v1.0/predictions"
# One request after the other until its file is there; then the count of all, and each failure.
CLIENT = """
import collections, json, os, time, urllib.request
body = json.dumps({"data": {"ndarray": [[0.0] * 784]}}).encode()
count, failures, versions = 0, [], collections.Counter()
while not os.path.exists("/tmp/stop"):
    count += 1
    try:
        ask = urllib.request.Request(os.environ["URL"], body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(ask, timeout=20) as response:
            versions[json.load(response)["meta"]["tags"]["version"]] += 1
    except Exception as error:
        failures.append(f"{time.time():.1f} {error!r}")
    time.sleep(0.02)
print(json.dumps({"requests": count, "failures": failures, "versions": versions}))
"""


class Client:
    """A pod that asks without a pause, from its start to `report`."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab, self.name = lab, name
        container = {
            "name": "main",
            "image": "python:3.11-slim",
            "command": ["python", "-uc", CLIENT],
            "env": [{"name": "URL", "value": URL}],
        }
        spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        lab.kubectl("delete", "pod", name, "--ignore-not-found")
        lab.kubectl("apply", "--filename=-", text=json.dumps(pod))
        lab.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")

    def report(self) -> Any:
        self.lab.kubectl("exec", self.name, "--", "touch", "/tmp/stop")
        self.lab.kubectl(
            "wait", "--for=jsonpath={.status.phase}=Succeeded", f"pod/{self.name}", "--timeout=60s"
        )
        return json.loads(self.lab.kubectl("logs", self.name))


def images(lab: Lab) -> dict[str, str]:
    """The images that the SeldonDeployment asks for, by node."""
    predictor = lab.read("seldondeployment", "mnist-ab")["spec"]["predictors"][0]
    return {c["name"]: c["image"] for c in predictor["componentSpecs"][0]["spec"]["containers"]}


@pytest.fixture(scope="session")
def second(seldon: Lab, first: Any, release: Callable[..., str]) -> tuple[Any, Any]:
    """Version 0.2, while a client asks all the way: the run's status and the client's report."""
    client = Client(seldon, "client-of-the-update")
    status = seldon.succeeded(release("0.2"))
    time.sleep(15)  # until the old pods are gone
    return status, client.report()


@pytest.fixture(scope="session")
def broken(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """(repository, revision) of a commit whose model cannot be loaded."""
    clone = tmp_path_factory.mktemp("broken") / "argolane"
    lab.run("git", "clone", "--quiet", str(ROOT), str(clone))
    code = clone / "models" / "tf_mnist" / "predict.py"
    code.write_text(
        code.read_text()
        + textwrap.dedent("""

        def _broken(self):
            raise RuntimeError("this commit is broken on purpose")


        Model.load = Model.__init__ = _broken
        """)
    )
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    lab.run("git", "-C", str(clone), *who, "commit", "--quiet", "--all", "--message=Break a model")
    revision = lab.run("git", "-C", str(clone), "rev-parse", "HEAD").strip()
    return lab.publish(clone, "argolane-broken"), revision


def test_release(seldon: Lab, first: Any) -> None:
    """Both arms are served by images of this commit, named by digest, and verified as good as accept asks."""
    report = json.loads(outputs(first, "verify")["report"])
    assert {path["path"] for path in report["paths"]} == {"sk-mnist", "tf-mnist"}
    assert all(path["metric"]["value"] > 0.9 and path["rows"] for path in report["paths"])
    built = outputs(first, "build-runtimes")
    assert images(seldon) == {name: built[name] for name in ("sk-mnist", "tf-mnist")}
    assert all(re.fullmatch(r".+-runtime@sha256:[0-9a-f]{64}", image) for image in images(seldon).values())


def test_lineage(seldon: Lab, first: Any) -> None:
    """The SeldonDeployment says of which commit, data, weights and run it is."""
    annotations = seldon.read("seldondeployment", "mnist-ab")["metadata"]["annotations"]
    lineage = {
        k.removeprefix("argolane.dev/"): v for k, v in annotations.items() if k.startswith("argolane.dev/")
    }
    commit = seldon.revision
    for arm in ("sk-mnist", "tf-mnist"):
        assert lineage[f"{arm}-commit"] == commit
        assert re.fullmatch("[0-9a-f]{64}", lineage[f"{arm}-data"])
        assert re.fullmatch("sha256:[0-9a-f]{64}", lineage[f"{arm}-digest"])
    assert lineage["workflow"].startswith("mnist-") and lineage["workflow-uid"]


def test_load(seldon: Lab, first: Any) -> None:
    """Workflow `load` finds the deployment by its name, and both arms answer all that it is asked."""
    run = seldon.submit("load", deployment="mnist-ab", rate="20", duration="5", warm_up="1")
    told = outputs(seldon.succeeded(run, within=300), "load")
    figures = json.loads(told["figures"])
    assert (figures["requests"], figures["answered"], told["failed"]) == (100, 100, "0")
    assert 0 < float(told["p50"]) <= float(told["p99"])
    assert {arm["arm"] for arm in figures["arms"]} == {"sk-mnist", "tf-mnist"}
    command = ("volume", "cat", "--on=argo", f"model-store:.load/{run}/figures.json")
    whole = json.loads(seldon.argolane(*command))
    assert sum(second["answered"] for second in whole["timeline"]) <= 100 == whole["answered"]


def test_update_without_a_failed_request(second: tuple[Any, Any]) -> None:
    """A client that asks all through an update gets an answer each time, in the end from the new version."""
    _, report = second
    assert report["failures"] == []
    assert report["requests"] > 100
    assert report["versions"]["0.1"] and report["versions"]["0.2"]


def test_unchanged_images_are_not_built_again(first: Any, second: tuple[Any, Any]) -> None:
    """With nothing changed but the version, the builds take less than a third of the first time."""

    def building(status: Any) -> float:
        tasks = ("build-trainers", "build-runtimes")
        return sum(seconds(node) for node in status["nodes"].values() if node["displayName"] in tasks)

    assert outputs(first, "build-runtimes") == outputs(second[0], "build-runtimes")
    assert 0 < building(second[0]) < building(first) / 3


def test_image_that_does_not_exist(seldon: Lab, second: tuple[Any, Any]) -> None:
    """The run fails within its deadline and names ImagePullBackOff; what was there goes on answering."""
    client = Client(seldon, "client-of-the-missing-image")
    before = images(seldon)
    nowhere = f"{seldon.environment['LAB_REGISTRY']}/nothing-here"
    name = seldon.submit("ab-test-mnist", version="0.2", registry=nowhere, deploy_timeout="60")
    status = seldon.ended(name, within=400)
    assert status["phase"] == "Failed"
    reason = outputs(status, "explain")["reason"]
    assert "ImagePullBackOff" in reason or "ErrImagePull" in reason, reason
    assert "nothing-here" in reason, reason
    report = client.report()
    assert report["failures"] == [] and report["requests"] > 50
    assert images(seldon) == before


def test_version_that_crashes_is_rolled_back(
    seldon: Lab, second: tuple[Any, Any], broken: tuple[str, str]
) -> None:
    """The run fails with the last words of the container; the last verified deployment is put back."""
    client = Client(seldon, "client-of-the-crash")
    before, (repository, revision) = images(seldon), broken
    name = seldon.submit("ab-test-mnist", version="0.2", registry=seldon.registry, build="true",
                         repo=repository, revision=revision, deploy_timeout="90")  # fmt: skip
    status = seldon.ended(name, within=900)
    assert status["phase"] == "Failed"
    assert outputs(status, "build")["b"] != before["tf-mnist"]
    reason = outputs(status, "explain")["reason"]
    assert "broken on purpose" in reason, reason
    assert images(seldon) == before
    assert seldon.read("seldondeployment", "mnist-ab")["status"]["state"] == "Available"
    assert client.report()["failures"] == []


def test_command_line(seldon: Lab, first: Any, tmp_path: Path) -> None:
    """`argolane` follows a run to its end, shows it and its lineage, and refuses an unknown parameter."""

    argolane = seldon.argolane
    followed = argolane("run", "train-sk-mnist", "--on", "argo", "-p", "version=0.1", "-p", "dataset=digits",
                        "-p", f"registry={seldon.registry}")  # fmt: skip
    assert "Workflow Succeeded" in followed
    refused = argolane("run", "train-sk-mnist", "--on", "argo", "-p", "versoin=1", ok=False)
    assert "Did you mean 'version'?" in refused
    assert "verify" in argolane("get", "mnist", "--on", "argo")
    assert "accuracy" in argolane("logs", "mnist", "verify", "--on", "argo")
    page = tmp_path / "run.html"
    argolane("report", "mnist", "--on", "argo", "--out", str(page))
    assert all(word in page.read_text() for word in ("build-runtimes", seldon.registry, "accuracy"))
    told = json.loads(argolane("whence", "mnist-ab", "--on", "argo"))
    assert told["images"] == images(seldon)
    assert told["lineage"]["sk-mnist-commit"] == seldon.revision


def test_shellcheck() -> None:
    """The scripts are clean."""
    scripts = [str(p) for p in (ROOT / "scripts").iterdir()]
    subprocess.run([str(ROOT / ".venv/bin/shellcheck"), *scripts], check=True)
    assert all(len(Path(p).read_text().splitlines()) < 40 for p in scripts)
