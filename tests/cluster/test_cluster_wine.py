"""Wine quality on a cluster: MLflow and S3 beside it, a version registered there and served from there."""

import csv
import json
import shutil
import time
from typing import Any

import pytest
from lab import INITIALIZER, ROOT, Lab, outputs, phases_of

from models.data import wine
from tests.models.wine.rows import made_up

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]
COMPONENT = "k8s_setup/components/mlflow"
STEPS = ["guard", "build", "build-server", "download", "preprocess", "train", "gate", "contend", "deploy",
         "verify", "crown"]  # fmt: skip
WINES = "made-up-wines"


@pytest.fixture(scope="session")
def mlflow(seldon: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The component, with its images from this tree, up in the lab; claims of the lab are folders of root."""
    kit = tmp_path_factory.mktemp("kit")
    shutil.copytree(ROOT / COMPONENT, kit / "mlflow")
    dockerfile = f"{COMPONENT}/Dockerfile"
    for lock, target, name in (
        ("rclone", "tool", "rclone:0.1"),
        ("rclone", "initializer", INITIALIZER),
        ("mlflow", "tool", "mlflow:0.1"),
    ):
        seldon.image(name, ROOT, dockerfile, f"--build-arg=LOCK={lock}", f"--target={target}")
    seldon.run(str(kit / "mlflow/prepare"))
    text = (kit / "mlflow/kustomization.yaml").read_text()
    for lock in ("mlflow", "rclone"):
        named = f"{{name: {lock}, newName: {seldon.registry}/{lock}, newTag"
        text = text.replace(f"{{name: {lock}, newTag", named)
    (kit / "mlflow/kustomization.yaml").write_text(text)
    seldon.kubectl("apply", "--kustomize", str(kit / "mlflow"))
    seldon.open_claims("mlflow-data", "s3-data")
    for name in ("s3", "mlflow"):
        seldon.kubectl("rollout", "status", f"deployment/{name}", "--timeout=300s")
    return seldon


def asked() -> str:
    """40 wines, of which the third is none, and the same again from the last to the first."""
    rows = [list(map(str, row[: len(wine.FEATURES)])) for row in wine.read(made_up(40).encode())]
    rows[2][0] = "strong"
    return "\n".join(",".join(row) for row in ([*wine.FEATURES], *rows, *reversed(rows))) + "\n"


@pytest.fixture(scope="session")
def wines(seldon: Lab) -> str:
    """The URL of a CSV that pods can fetch: a file in a repository of the lab's own is none, a pod's is."""
    script = (
        "import http.server, pathlib, os;"
        " [pathlib.Path(f'/tmp/{name}.csv').write_text(os.environ[name]) for name in ('wine', 'rows')];"
        " os.chdir('/tmp'); http.server.test(http.server.SimpleHTTPRequestHandler, port=8000, bind='0.0.0.0')"
    )
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": WINES, "labels": {"app": WINES}},
        "spec": {
            "securityContext": {
                "runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{
                "name": "web", "image": "python:3.11-slim", "command": ["python", "-c", script],
                "env": [{"name": "wine", "value": made_up(200)}, {"name": "rows", "value": asked()}],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
            }],
        },
    }  # fmt: skip
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": WINES},
        "spec": {"selector": {"app": WINES}, "ports": [{"port": 80, "targetPort": 8000}]},
    }
    for each in (pod, service):
        seldon.kubectl("apply", "--filename", "-", text=json.dumps(each))
    seldon.kubectl("wait", f"pod/{WINES}", "--for=condition=Ready", "--timeout=180s")
    return f"http://{WINES}/wine.csv"


def start(lab: Lab, repository: str, wines: str, version: str, **more: str) -> str:
    """A run of `wine` with both images of this commit: its name, when its claim is open."""
    given = {"repo": repository, "revision": lab.revision, "registry": lab.kept, "version": version,
             "url": wines, "build": "true", "trees": "20", "accept": "5",
             "deploy_timeout": "400"}  # fmt: skip
    run = lab.submit("wine", **{**given, **more})
    for _ in range(60):
        claims = lab.kubectl("get", "persistentvolumeclaims", "--output=name").split()
        if f"persistentvolumeclaim/{run}-work" in claims:
            lab.open_claims(f"{run}-work")
            return run
        time.sleep(1)
    raise AssertionError(lab.story(run))


@pytest.fixture(scope="session")
def learned(mlflow: Lab, repository: str, wines: str) -> Any:
    """The status of the run that made version 0.1."""
    return mlflow.succeeded(start(mlflow, repository, wines, "0.1"), within=2000)


def test_every_task_has_succeeded(learned: Any) -> None:
    """From the file to the alias; nothing was skipped, for images were built and the version is deployed."""
    phases = phases_of(learned)
    assert {name: phases[name] for name in STEPS} == dict.fromkeys(STEPS, "Succeeded")


def test_the_version_is_served_from_the_registry(mlflow: Lab, learned: Any) -> None:
    """Out of S3, by the image that was built, verified by all test rows; the manifest says which it is."""
    uri = outputs(learned, "contend")["uri"]
    found = mlflow.read("seldondeployment", "wine")
    graph = found["spec"]["predictors"][0]["graph"]
    assert (graph["implementation"], graph["modelUri"]) == ("MLFLOW_SERVER", uri)
    assert graph["envSecretRefName"] == "s3-credentials" and uri.startswith("s3://mlflow/artifacts/")
    [path] = json.loads(outputs(learned, "verify")["report"])["paths"]
    assert path["rows"] == 50 and path["version"] == "0.1" and path["metric"]["name"] == "rmse"
    [container] = found["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"]
    assert container["image"] == outputs(learned, "build-server")["image"]
    notes = found["metadata"]["annotations"]
    assert notes["argolane.dev/wine-number"] == "1" and notes["argolane.dev/wine-forced"] == "false"


def test_a_file_of_rows_is_asked_for_in_shards(mlflow: Lab, learned: Any, wines: str) -> None:
    """batch-predict by argo: fetched from the web, asked for by three pods, joined in the rows' order."""
    rows = wines.replace("wine.csv", "rows.csv")
    run = mlflow.submit("batch-predict", url=rows, shards="3", rows_per_request="9", most_failed="2")
    status = mlflow.succeeded(run, within=400)
    asking = [phase for name, phase in phases_of(status).items() if name.startswith("answer(")]
    assert len(asking) >= 3 and set(asking) == {"Succeeded"}
    told = outputs(status, "join")
    assert (told["file"], told["rows"], told["failed"]) == ("batch/answers.csv", "80", "2")
    with (mlflow.place("model-store") / told["file"]).open(newline="") as file:
        numbers, answers = zip(*list(csv.reader(file))[1:], strict=True)
    assert list(numbers) == [str(number + 1) for number in range(80)]
    assert answers == answers[::-1] and len(set(answers)) > 10
    assert [number for number, answer in enumerate(answers) if not answer] == [2, 77]


def test_a_worse_one_does_not_take_its_place(mlflow: Lab, learned: Any, repository: str, wines: str) -> None:
    """The champion goes on serving, and nothing was deployed."""
    worse = {"estimator": "elastic-net", "alpha": "50"}
    status = mlflow.ended(start(mlflow, repository, wines, "0.2", **worse))
    phases = phases_of(status)
    assert status["phase"] == "Failed" and phases["contend"] == "Failed"
    assert mlflow.read("seldondeployment", "wine")["metadata"]["annotations"]["argolane.dev/version"] == "0.1"
