"""Every query of the monitoring component, asked of a real Prometheus that watches a local deployment."""

import gzip
import json
import random
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import yaml

from argolane.manifest import dump
from argolane.serving import judging
from models.contract import version
from models.contract.metric import Metric
from tests.e2e.conftest import ROOT, copied, run_command
from workflows.parts.steps.observations import Observation, Observations

COMPONENT = ROOT / "k8s_setup" / "components" / "monitoring"
# A class with a version in the store, like ours, that answers with its rows.
MODEL = """
import numpy as np
from models.runtimes.served import Served


class Model(Served):
    def open(self, folder, found):
        pass

    def predict(self, X, names, meta=None):
        if X[0][0] < 0:
            raise ValueError("negative")
        self._watch.add(np.asarray(X))
        return X
"""
STORE = "/mnt/model-store"
needs_prometheus = pytest.mark.skipif(
    not shutil.which("prometheus"), reason="no prometheus on PATH (make prometheus installs it)"
)


def graph() -> dict[str, Any]:
    """A bandit over two arms of one toy."""

    def container(name: str, image: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "image": f"{image}-runtime:0.1", **more}

    router = container("bandit", "bandit", env=[{"name": "STATE_FILE", "value": "/state/bandit.sqlite"}])
    # It tells its metrics when it is asked how it is.
    router["readinessProbe"] = {"httpGet": {"path": "/health/status", "port": "http"}, "periodSeconds": 1}
    router["volumeMounts"] = [{"name": "state", "mountPath": "/state"}]
    served = {
        "env": [{"name": "MODEL_DIR", "value": f"{STORE}/toyarm/1"}],
        "volumeMounts": [{"name": "model-store", "mountPath": STORE, "readOnly": True}],
    }
    containers = [router, container("a", "toyarm", **served), container("b", "toyarm", **served)]
    root = {
        "name": "bandit", "type": "ROUTER",
        "parameters": [{"name": "arms", "value": "a,b", "type": "STRING"}],
        "children": [{"name": "a", "type": "MODEL"}, {"name": "b", "type": "MODEL"}],
    }  # fmt: skip
    claimed = {"name": "model-store", "persistentVolumeClaim": {"claimName": "model-store"}}
    spec = {"containers": containers, "volumes": [{"name": "state", "emptyDir": {}}, claimed]}
    told = [{"name": "SELDON_ENABLE_ROUTING_INJECTION", "value": "true"}]
    predictor = {
        "name": "default",
        "graph": root,
        "svcOrchSpec": {"env": told},
        "componentSpecs": [{"spec": spec}],
    }
    return {
        "apiVersion": "machinelearning.seldon.io/v1", "kind": "SeldonDeployment",
        "metadata": {"name": "watched"}, "spec": {"predictors": [predictor]},
    }  # fmt: skip


def fill(store: Path) -> None:
    """A version that was trained on other rows than it will be asked, and a test of two arms, judged."""
    chance = random.Random(0)
    folder = store / "toyarm/1"
    folder.mkdir(parents=True)
    for name, told in {
        "training": {"rows": [[chance.gauss(8, 1)] for _ in range(500)]},
        "samples": {"rows": [[chance.gauss(8, 1)] for _ in range(100)]},
    }.items():
        told |= {"names": ["x0"], "dataset": "toy"}
        (folder / f"{name}.json.gz").write_bytes(gzip.compress(json.dumps(told).encode()))
    version.write(folder, version.Version(
        unit="toyarm", version="1", metric=Metric("accuracy", 0.9, "higher"), scores={},
        data=version.Data("toy", "toy (500/100)", "0", {}), params={}, code="", commit=None, dirty=None,
        image=None, seconds=0.0, versions={},
    ))  # fmt: skip
    file = store / ".observations/watched/run.sqlite"
    arms = [{"arm": arm, "name": arm, "unit": "toyarm", "version": "1", "share": 0.5} for arm in "ab"]
    score = {"name": "accuracy", "better": "higher", "kind": "proportion"}
    about = {"run": "run", "deployment": "watched", "dataset": "toy", "requests": 400, "arms": arms}
    kept = Observations(file, {**about, "score": score})
    seen = [
        Observation(n, f"u-{n}", n % 100, "ab"[n % 2], "{}", 200, "[1]", "1",
                    float(chance.random() < 0.9), 1.0, 0.01, float(n), "")
        for n in range(400)
    ]  # fmt: skip
    kept.add(seen, [])
    kept.close()
    rules = {"ALPHA": "0.05", "POWER": "0.8", "EFFECT": "0", "SLOWER": "2", "ERRORS": "0.01"}
    judging.main({"FILE": str(file), "OUTPUTS": str(store.parent / "outputs"), **rules})


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the deployment answers."""
    root = copied(tmp_path_factory.mktemp("watched"))
    arm = root / "models" / "toyarm"
    arm.mkdir()
    (arm / "__init__.py").write_text("")
    (arm / "predict.py").write_text(MODEL)
    shutil.copy(root / "models" / "sk_mnist" / "runtime.lock", arm)
    fill(root / ".argolane/volumes/model-store")
    (root / "watched.yaml").write_text(dump(graph()))
    done = run_command(root, "apply", "-f", "watched.yaml", "--wait")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        shown = json.loads(run_command(root, "get", "deployment", "watched", "-o", "json").stdout)
        yield shown["status"]["address"]["url"]
    finally:
        run_command(root, "delete", "deployments", "--all")


@pytest.fixture(scope="module")
def prometheus(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address, after half a minute of load: answers, errors and rewards."""
    folder = tmp_path_factory.mktemp("prometheus")
    shutil.copy(COMPONENT / "rules.yaml", folder)
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {"job_name": "local", "static_configs": [{"targets": [httpx.URL(url).netloc.decode()]}]}
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
    ]  # fmt: skip
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        ask(url, rounds=120)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


def ask(url: str, *, rounds: int) -> None:
    with httpx.Client(timeout=10) as client:
        for number in range(rounds):
            answer = client.post(url, json={"data": {"ndarray": [[-1.0 if number % 10 == 0 else 1.0]]}})
            if answer.status_code == 200:
                feedback = {"response": answer.json(), "reward": 1.0}
                assert client.post(url.replace("predictions", "feedback"), json=feedback).status_code == 200
            time.sleep(0.1)


def queries(deployment: str = "watched", over: str = "20s") -> dict[str, str]:
    """Every PromQL of the component, for a deployment; of an alert, what it compares.

    `over` is what rates of the dashboard are taken of; it must hold two scrapes.
    """
    found = {}
    for group in yaml.safe_load((COMPONENT / "rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            expression = re.sub(r" [<>] [\d.]+$", "", rule["expr"]) if "alert" in rule else rule["expr"]
            found[rule.get("alert") or rule["record"]] = expression
    for panel in json.loads((COMPONENT / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$deployment", deployment).replace("$__rate_interval", over)
            found[f"{panel['title']} {target['refId']}"] = query
    return found


@pytest.mark.heavy
@pytest.mark.environments
@needs_prometheus
@pytest.mark.parametrize("name", queries())
def test_every_query_finds_something(prometheus: str, name: str) -> None:
    """Rules, what alerts compare, and the panels of the dashboard: numbers, for the deployment under load."""
    last: Any = None
    for _ in range(20):  # the last scrape, and the rules after it
        last = httpx.get(urljoin(prometheus, "/api/v1/query"), params={"query": queries()[name]}).json()
        if last["status"] == "success" and any(each["value"][1] != "NaN" for each in last["data"]["result"]):
            break
        time.sleep(0.5)
    else:
        pytest.fail(f"{queries()[name]}\n{last}")
    if name in ("Errors of each node A", "InputsDrift"):
        assert any(float(each["value"][1]) > 0 for each in last["data"]["result"])


@needs_prometheus
def test_the_rules_are_right() -> None:
    """By Prometheus' own tool: what they say, and which alerts come of which numbers."""
    for words in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        done = subprocess.run(
            ["promtool", *words], cwd=COMPONENT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
