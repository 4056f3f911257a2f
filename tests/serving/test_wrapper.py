"""A model class under the real seldon-core-microservice, as the project's own runtime images serve it."""

import contextlib
import re
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import client
from argolane.serving.batch.job import predict_file
from argolane.serving.deployments import Deployments
from tests.serving.wrapped import project_of

pytestmark = pytest.mark.environments

MODEL = """
import os
from pathlib import Path

class Model:
    def __init__(self, factor=1.0):
        self.factor = factor
    def load(self):
        try:
            self.bias = float(Path(os.environ["MODEL_DIR"], "bias").read_text())
        except OSError as error:
            raise RuntimeError(f"no model: {error}") from None
    def predict(self, X, names, meta=None):
        if isinstance(X, str):
            return f"{len(X)} letters"
        return X * self.factor + self.bias
    def tags(self):
        return {"version": Path(os.environ["MODEL_DIR"]).name}
    def metrics(self):
        return [
            {"type": "COUNTER", "key": "asked", "value": 1},
            {"type": "GAUGE", "key": "bias", "value": self.bias, "tags": {"unit": "points"}},
        ]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = project_of(tmp_path, MODEL)
    for version in ("1", "2"):
        folder = tmp_path / ".argolane" / "volumes" / "model-store" / "toy" / version
        folder.mkdir(parents=True)
        (folder / "bias").write_text(version)
    return made


def manifest(version: str, tools: Any) -> dict[str, Any]:
    model = {
        "name": "m",
        "image": "registry.lab:5000/toy-runtime:0.1",
        "env": [{"name": "MODEL_DIR", "value": f"/mnt/model-store/toy/{version}"}],
        "volumeMounts": [{"name": "store", "mountPath": "/mnt/model-store", "readOnly": True}],
    }
    parameters = [{"name": "factor", "value": "100", "type": "FLOAT"}]
    asked: dict[str, Any] = tools.manifest(
        "toy", model, graph={"name": "m", "type": "MODEL", "parameters": parameters}
    )
    pod = asked["spec"]["predictors"][0]["componentSpecs"][0]["spec"]
    pod["volumes"] = [{"name": "store", "persistentVolumeClaim": {"claimName": "model-store"}}]
    return asked


def test_an_update_and_a_model_that_does_not_load(deployments: Deployments, tools: Any) -> None:
    """Version 2 replaces version 1; a version that is not there does not, and says why."""

    def answer(url: str) -> tuple[float, str, dict[str, str]]:
        found = client.predict(url, {"data": {"ndarray": [[2.0]]}})
        return found["data"]["ndarray"][0][0], found["meta"]["tags"]["version"], found["meta"]["requestPath"]

    path = {"m": "registry.lab:5000/toy-runtime:0.1"}
    deployments.apply(manifest("1", tools))
    url = deployments.wait("toy", timeout=200)["status"]["address"]["url"]
    assert answer(url) == (201.0, "1", path)
    deployments.apply(manifest("2", tools))
    deployments.wait("toy", timeout=60)
    assert answer(url) == (202.0, "2", path)
    deployments.apply(manifest("3", tools))
    told = tools.until(
        lambda: (d := deployments.get("toy")["status"].get("description", "")) and "CrashLoop" in d and d,
        within=60,
    ).splitlines()[0]
    # The wrapper ends, or its main process hangs while nobody listens any more: both are seen.
    ended = r"Container 'm' (ended with exit code 3|stopped listening on its port, and was ended \(\d+\))"
    assert re.search(f"CrashLoopBackOff: {ended}: RuntimeError: no model", told)
    assert "/mnt/model-store/toy/3" in told or ".argolane/volumes/model-store/toy/3" in told
    assert answer(url) == (202.0, "2", path)
    with pytest.raises(ArgolaneError, match=r"HTTP [45]00: "):
        client.predict(url, {"data": {"ndarray": [["text"]]}})


def test_a_file_of_rows(deployments: Deployments, tmp_path: Path, tools: Any) -> None:
    """Numbers in, numbers out, with the columns that the wrapper names; words are refused in its words."""
    deployments.apply(manifest("1", tools))
    url = deployments.wait("toy", timeout=200)["status"]["address"]["url"]
    (tmp_path / "in.csv").write_text("a,b\n1,2\n3,4.5\n")
    predict_file(tmp_path / "in.csv", out=tmp_path / "out.csv", url=url, deployment="toy")
    assert (tmp_path / "out.csv").read_text() == "row,t:0,t:1\n1,101.0,201.0\n2,301.0,451.0\n"
    (tmp_path / "words.csv").write_text("a\nx\ny\n")
    with pytest.raises(
        ArgolaneError, match=r"refuses each of the first 2 rows \(lines 2 to 3\): HTTP [45]00: "
    ):
        predict_file(tmp_path / "words.csv", out=tmp_path / "words.out.csv", url=url, deployment="toy")


def test_one_address_has_all_that_is_measured(deployments: Deployments, tools: Any) -> None:
    """The graph server's durations and what the units' own `metrics()` say, with pod and container."""
    asked = manifest("1", tools)
    asked["spec"]["predictors"][0]["replicas"] = 2
    deployments.apply(asked)
    url = deployments.wait("toy", timeout=200)["status"]["address"]["url"]
    for _ in range(3):
        client.predict(url, {"data": {"ndarray": [[2.0]]}})
    page = httpx.get(httpx.URL(url).join("/metrics"), timeout=10)
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = page.text.splitlines()
    told = [line for line in lines if line.startswith("asked_total{") and 'method="predict"' in line]
    assert sum(float(line.split()[-1]) for line in told) == 3
    pods = {found for line in told for found in re.findall(r'pod="(toy-[\w-]+)"', line)}
    assert pods and all('container="m"' in line for line in told)
    assert any(
        line.startswith("bias{") and 'unit="points"' in line and line.endswith(" 1.0") for line in lines
    )
    counts = [
        float(line.split()[-1])
        for line in lines
        if line.startswith("seldon_api_executor_server_requests_seconds_count{")
        and 'service="predictions"' in line
    ]
    assert sum(counts) == 3
    up = [line for line in lines if line.startswith("argolane_unit_metrics_up{")]
    assert len(up) == 4 and all(line.endswith(" 1.0") for line in up)


@pytest.mark.parametrize("size", [900_000, 5_000_000])
def test_a_form_s_field_has_no_bound_of_its_own(deployments: Deployments, tools: Any, size: int) -> None:
    """As with the wrapper's own Flask, though the lock names one that takes 500 kB of such a field."""
    deployments.apply(manifest("1", tools))
    url = deployments.wait("toy", timeout=200)["status"]["address"]["url"]
    answer = httpx.post(url, files={"strData": (None, "x" * size)}, timeout=30)
    assert (answer.status_code, answer.json()["strData"]) == (200, f"{size} letters")


def listened_at(processes: list[psutil.Process]) -> set[tuple[str, int]]:
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.Error):
            connections = process.net_connections("inet")
            # gRPC listens for IPv4 on a socket of IPv6.
            found |= {
                (c.laddr[0].removeprefix("::ffff:"), c.laddr[1])
                for c in connections
                if c.status == psutil.CONN_LISTEN
            }
    return found


def other_addresses() -> list[str]:
    """Those of this machine that a server at 0.0.0.0 would answer at, too."""
    own = [a.address for each in psutil.net_if_addrs().values() for a in each if a.family == socket.AF_INET]
    return [a for a in own if not a.startswith("127.")] + ["127.0.0.2"] * (sys.platform == "linux")


def test_models_and_their_metrics_are_for_this_machine_alone(
    deployments: Deployments, project: Project, tools: Any
) -> None:
    """Graph server, unit and metrics answer at 127.0.0.1, and at no other address that the machine has.

    So does gRPC, of both, where a manifest asks for it.
    """
    asked = manifest("1", tools)
    asked["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"][0]["env"].append(
        {"name": "GRPC_WORKERS", "value": "1"}
    )
    deployments.apply(asked)
    deployments.wait("toy", timeout=200)
    unit = tools.until(lambda: len(found := listened_at(tools.processes(project.root))) >= 5 and found)
    assert {host for host, _ in unit} == {"127.0.0.1"}
    for host, port in unit:
        socket.create_connection((host, port), timeout=5).close()
        for other in other_addresses():
            with pytest.raises(OSError, match=r"refused|timed out"):
                socket.create_connection((other, port), timeout=5)
