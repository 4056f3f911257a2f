"""Every query of the monitoring component, asked of a real Prometheus that watches a local deployment."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
import yaml

from argolane.manifest import dump
from tests.e2e.conftest import ROOT, copied, run_command

COMPONENT = ROOT / "k8s_setup" / "components" / "monitoring"
MODEL = """
class Model:
    def predict(self, X, names, meta=None):
        if X[0][0] < 0:
            raise ValueError("negative")
        return X
"""
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
    containers = [router, container("a", "toyarm"), container("b", "toyarm")]
    root = {
        "name": "bandit", "type": "ROUTER",
        "parameters": [{"name": "arms", "value": "a,b", "type": "STRING"}],
        "children": [{"name": "a", "type": "MODEL"}, {"name": "b", "type": "MODEL"}],
    }  # fmt: skip
    spec = {"containers": containers, "volumes": [{"name": "state", "emptyDir": {}}]}
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


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the deployment answers."""
    root = copied(tmp_path_factory.mktemp("watched"))
    arm = root / "models" / "toyarm"
    arm.mkdir()
    (arm / "__init__.py").write_text("")
    (arm / "predict.py").write_text(MODEL)
    shutil.copy(root / "models" / "sk_mnist" / "runtime.lock", arm)
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


def queries() -> dict[str, str]:
    """Every PromQL of the component; of an alert, what it compares."""
    found = {}
    for group in yaml.safe_load((COMPONENT / "rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            expression = re.sub(r" > [\d.]+$", "", rule["expr"]) if "alert" in rule else rule["expr"]
            found[rule.get("alert") or rule["record"]] = expression
    for panel in json.loads((COMPONENT / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            query = target["expr"].replace("$deployment", "watched").replace("$__rate_interval", "20s")
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
    if name == "Errors of each node A":
        assert any(float(each["value"][1]) > 0 for each in last["data"]["result"])


@needs_prometheus
def test_the_rules_are_right() -> None:
    """By Prometheus' own tool: what they say, and which alerts come of which numbers."""
    for words in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        done = subprocess.run(
            ["promtool", *words], cwd=COMPONENT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
