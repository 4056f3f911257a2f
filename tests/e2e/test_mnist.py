"""The main job, with no cluster: train both models, serve them as an A/B graph, ask for predictions."""

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from argolane.project import find
from tests.e2e.conftest import ROOT, Command, outputs
from tests.e2e.notebooks import executed
from tests.serving.test_ingress import proxy

pytestmark = [pytest.mark.environments, pytest.mark.timeout(500)]

# The plain RandomForest(100) and the keras-io convnet on the same 8,000 / 2,000 rows of t10k.
BASELINES = {"sk-mnist": 0.946, "tf-mnist": 0.976}
PROGRAM = ".venv/bin/argolane "


def arms(argolane: Command) -> dict[str, Any]:
    """What the verify task of the latest run of `mnist` wrote of each."""
    said = json.loads(outputs(argolane, "mnist", "verify")["report"])
    return {path["path"]: path for path in said["paths"]}


@pytest.fixture(scope="module")
def given(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Of the run: the digits, but for heavy tests, which take MNIST as it comes."""
    here = [item for item in request.session.items if item.path == request.path]
    return () if any(item.get_closest_marker("heavy") for item in here) else ("-p", "dataset=digits")


@pytest.fixture(scope="module")
def trained(argolane: Command, given: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return argolane("run", "mnist", *given)


def test_both_arms_are_verified(trained: subprocess.CompletedProcess[str], argolane: Command) -> None:
    """`argolane run mnist` ends Succeeded, and verify has measured each arm on the held-out rows."""
    assert "Succeeded" in trained.stdout.splitlines()[-1]
    found = arms(argolane)
    assert set(found) == set(BASELINES)
    for node, arm in found.items():
        assert arm["rows"] > 0
        assert arm["metric"]["name"] == "accuracy"
        assert arm["metric"]["value"] > 0.9, f"{node} on {arm['dataset']}"
    assert f"{found['sk-mnist']['metric']['value']:.4f}" in argolane("logs", "mnist", "verify").stdout


@pytest.mark.heavy
@pytest.mark.skipif("MNIST_DIR" not in os.environ, reason="needs the files of MNIST")
def test_both_arms_answer_above_the_baselines(
    trained: subprocess.CompletedProcess[str], argolane: Command
) -> None:
    """On MNIST itself."""
    for node, arm in arms(argolane).items():
        assert arm["metric"]["value"] > BASELINES[node], f"{node} on {arm['dataset']}"


def test_a_second_run_keeps_models_and_pods(
    trained: subprocess.CompletedProcess[str], argolane: Command, given: tuple[str, ...]
) -> None:
    """With nothing changed the models are kept, and the deployment goes on without new pods."""
    before = argolane("get", "deployments").stdout
    argolane("run", "mnist", *given)
    assert "kept" in argolane("logs", "mnist", "train-sk-mnist").stdout
    assert argolane("get", "deployments").stdout == before


@pytest.mark.heavy
def test_two_runs_at_once_do_not_disturb_each_other(
    trained: subprocess.CompletedProcess[str], checkout: Path
) -> None:
    """Two runs of a new version at the same time both succeed, and each has its record."""
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "argolane", "run", "train-sk-mnist", "-p", "version=twice"],
            cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    outputs = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    store = checkout / ".argolane" / "volumes" / "model-store" / "sk_mnist"
    assert sorted(p.name for p in store.iterdir() if not p.name.startswith(".")) == ["0.1", "twice"]


def test_predict_asks_the_deployment(
    trained: subprocess.CompletedProcess[str], argolane: Command, checkout: Path
) -> None:
    """The example request of each model gets ten probabilities from the A/B graph."""
    for model in ("sk_mnist", "tf_mnist"):
        answer = json.loads(
            argolane("predict", "mnist-ab", "--request", f"models/{model}/request.json").stdout
        )
        [row] = answer["data"]["ndarray"]
        assert len(row) == 10
        assert abs(sum(row) - 1) < 1e-3
        assert answer["meta"]["tags"]["version"] == "0.1"


@pytest.mark.parametrize("rows", [[[0.5] * 783], [[2.0] * 784], [["a"] * 784], [], [[None] * 784]])
def test_a_bad_request_is_the_clients_error(
    trained: subprocess.CompletedProcess[str], argolane: Command, rows: list[object]
) -> None:
    """Wrong shape, range, text, nothing: HTTP 400 with what was expected, through the whole graph."""
    [deployment] = [line for line in argolane("get", "deployments").stdout.splitlines() if "mnist-ab" in line]
    [url] = [word for word in deployment.split() if word.startswith("http")]
    body = json.dumps({"data": {"ndarray": rows}}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=10)
    with error.value:
        assert error.value.code == 400
        assert "784" in error.value.read().decode() or rows != [[0.5] * 783]


@pytest.mark.heavy
def test_the_notebooks_of_the_ab_graph_run(
    trained: subprocess.CompletedProcess[str],
    argolane: Command,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From top to bottom against one deployment: what they draw, which arms they have seen, and scores."""
    argolane("run", "ab-test-mnist", "-p", "requests=60")
    shown = executed(checkout, "predictions", tmp_path, monkeypatch)
    assert re.search(r"over REST \['(sk|tf)-mnist'\] answered: \[\[", shown) and "no gRPC: " in shown
    shown = executed(checkout, "train_and_serve_mnist", tmp_path, monkeypatch)
    assert "<svg" in shown and "RANDOM_ABTEST" in shown and shown.count("drawn") == 2
    found = re.findall(r"'(sk_mnist|tf_mnist)': \((0\.\d+|1\.0), \d+\)", shown)
    assert {model for model, _ in found} == {"sk_mnist", "tf_mnist"}
    assert all(float(accuracy) > 0.85 for _, accuracy in found)
    shown = executed(checkout, "ab_test_mnist", tmp_path, monkeypatch)
    counted = [int(count) for count in re.findall(r"-mnist: (\d+) of 100 requests", shown)]
    assert sum(counted) == 100 and min(counted) > 20 and shown.count("drawn") == 2
    assert sum(map(int, re.findall(r"mnist (\d+) requests, accuracy", shown))) == 60
    assert re.search(r"keep-testing|no-difference", shown)
    with proxy(find(checkout)) as base:
        for name in ("predictions", "train_and_serve_mnist", "ab_test_mnist"):
            files = {} if name == "predictions" else {"files_here": True}
            shown = executed(checkout, name, tmp_path, monkeypatch, CLUSTER=base, **files)
            assert f"{base}/seldon/argolane/mnist-ab/api/v1.0/predictions" in shown
            assert re.search(r"over REST \['(sk|tf)-mnist'\] answered: \[\[", shown)


@pytest.mark.heavy
def test_a_notebook_asks_over_grpc_where_the_deployment_has_it(
    trained: subprocess.CompletedProcess[str],
    argolane: Command,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same graph with gRPC workers, as docs/grpc.md asks for them, answers over both; then as it was."""
    manifest = checkout / "k8s_serving/rendered/mnist-ab.yaml"
    text = manifest.read_text()
    both = tmp_path / "mnist-ab.yaml"
    workers = "                  - name: GRPC_WORKERS\n                    value: '1'\n"
    both.write_text(re.sub(r"^ {16}env:\n", lambda found: found[0] + workers, text, flags=re.M))
    assert both.read_text().count("GRPC_WORKERS") == 2  # of both arms
    argolane("apply", "-f", str(both), "--wait")
    shown = executed(checkout, "predictions", tmp_path, monkeypatch)
    argolane("apply", "-f", str(manifest), "--wait")
    for way in ("REST", "gRPC"):
        assert re.search(rf"over {way} \['(sk|tf)-mnist'\] answered: \[\[", shown)


@pytest.mark.heavy
def test_a_bandit_learns_and_its_notebook_runs(
    trained: subprocess.CompletedProcess[str],
    argolane: Command,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`argolane run bandit-mnist`: each observation is a reward in the router's file, once.

    The notebook's hundred rewards are added to what the run has taught.
    """
    argolane("run", "bandit-mnist", "-p", "requests=80")
    file = checkout / ".argolane/volumes/router-state/mnist-bandit/bandit.sqlite"

    def rewarded() -> int:
        with sqlite3.connect(file) as database:
            [(count, puids)] = database.execute("SELECT count(*), count(DISTINCT puid) FROM rewards")
            [(summed, pulls)] = database.execute("SELECT sum(rewards), sum(pulls) FROM arms")
        assert count == puids == summed <= pulls
        return int(count)

    assert rewarded() == 80
    shown = executed(checkout, "bandit_mnist", tmp_path, monkeypatch)
    assert rewarded() == 180
    assert re.search(r"over REST \['(sk|tf)-mnist'\] answered: \[\[", shown) and "no gRPC: " in shown
    assert "<svg" in shown and "ROUTER" in shown and shown.count("drawn") == 2
    assert sum(map(int, re.findall(r"-mnist: (\d+) of 100 requests", shown))) == 100
    assert all(int(share) > 75 for share in re.findall(r"(\d+)% of the last 250 pulls", shown))
    argolane("delete", "deployment", "mnist-bandit")


@pytest.mark.heavy
def test_every_command_of_the_readme_works(
    trained: subprocess.CompletedProcess[str], argolane: Command
) -> None:
    """Each `argolane` line of README.md that needs no cluster, in order; a later test deletes."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / "README.md").read_text(), flags=re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith(PROGRAM)]
    assert len(lines) > 8
    for line in lines:
        arguments = shlex.split(line.removeprefix(PROGRAM), comments=True)
        if "argo" not in arguments and "delete" not in arguments:
            assert argolane(*arguments).stdout, line


def test_the_report_shows_what_training_drew(
    trained: subprocess.CompletedProcess[str], argolane: Command
) -> None:
    """The page of a run holds curves and confusion matrix of both models, drawn once, and their metrics."""
    page = Path(argolane("report", "mnist").stdout.strip()).read_text()
    for title in ("loss by epoch", "accuracy by epoch", "Predicted and true classes"):
        assert page.count(f"<figcaption>{title}") == 2
    assert "data:image/png;base64," not in page  # the same as pictures
    assert "per_class.0.precision" in page or "accuracy" in page


def test_deleted_deployments_are_gone(
    trained: subprocess.CompletedProcess[str], argolane: Command, checkout: Path
) -> None:
    """After delete nothing of the deployment runs."""
    argolane("delete", "deployment", "mnist-ab")
    assert "mnist-ab" not in argolane("get", "deployments").stdout
    assert str(checkout) not in subprocess.run(["ps", "ax", "-o", "args"], capture_output=True, text=True,
                                               check=True).stdout  # fmt: skip
    assert (
        "No deployment 'mnist-ab'"
        in argolane("predict", "mnist-ab", "--request", "models/sk_mnist/request.json", status=1).stderr
    )
