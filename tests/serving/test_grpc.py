"""A deployment that is to be asked over gRPC, with Seldon's wrapper as its unit; and one that is not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from argolane.cli import main
from argolane.containers import environments
from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import client, rpc_client, status
from argolane.serving.deployments import Deployments
from tests.serving.wrapped import LOCK, ROOT, project_of

MODEL = """
class Model:
    def predict(self, X, names, meta=None):
        return X * 2
    def tags(self):
        return {"version": "1"}
    def send_feedback(self, X, names, reward, truth, routing=None):
        print("told", X.tolist(), reward, flush=True)
"""
# Seldon's own client, as its documentation has it.
ASKING = """
import json, sys
import numpy as np
from seldon_core.seldon_client import SeldonClient
from seldon_core.utils import seldon_message_to_json
rest, grpc = sys.argv[1:]
found = {}
for transport, endpoint in (("rest", rest), ("grpc", grpc)):
    asked = SeldonClient(
        deployment_name="toy", namespace="demo", gateway="seldon", gateway_endpoint=endpoint,
        transport=transport, client_return_type="proto", payload_type="ndarray",
    )
    answer = asked.predict(data=np.array([[1.0, 2.0]]))
    said = seldon_message_to_json(answer.response)
    told = asked.feedback(answer.request, answer.response, reward=0.5)
    found[transport] = [answer.success, said["data"]["ndarray"], said["meta"]["tags"], told.success]
print(json.dumps(found))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_of(tmp_path, MODEL)


def toy(**env: str) -> dict[str, Any]:
    unit = {
        "name": "m",
        "image": "registry.lab:5000/toy-runtime:0.1",
        "env": [{"name": name, "value": value} for name, value in env.items()],
    }
    predictor = {
        "name": "default",
        "replicas": 1,
        "graph": {"name": "m", "type": "MODEL"},
        "componentSpecs": [{"spec": {"containers": [unit]}}],
    }
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": "toy"},
        "spec": {"predictors": [predictor]},
    }


@pytest.fixture
def wrapper() -> Path:
    """The environment of the runtime images, which holds seldon-core."""
    cache = Project(ROOT).cache / "envs"
    return environments.ensure(ROOT / LOCK, cache, root=ROOT, say=lambda text: print(text, file=sys.stderr))  # noqa: T201


@pytest.mark.environments
@pytest.mark.parametrize("server", ["seldon", "fast"])
def test_asked_over_grpc_and_by_rest_side_by_side(
    deployments: Deployments,
    project: Project,
    wrapper: Path,
    monkeypatch: pytest.MonkeyPatch,
    tools: Any,
    server: str,
) -> None:
    """By our client, the command line and Seldon's own, unchanged; the fast server is one process."""
    if server == "fast":
        for name in ("contract", "runtimes"):
            # No link: what is below /tmp is not there in a container.
            shutil.copytree(ROOT / "models" / name, project.root / "models" / name)
        file = project.root / "argolane.toml"
        file.write_text(
            file.read_text().replace("seldon-core-microservice", 'python", "-m", "models.runtimes.server')
        )
    asked = toy(GRPC_WORKERS="1", MODEL_SERVER=server)
    asked["spec"]["transport"] = "grpc"
    deployments.apply(asked)
    body = deployments.wait("toy", timeout=40)
    address = status.grpc_address(body)
    request = client.request([[1.0, 2.0]])
    answer = rpc_client.predict(address, request)
    assert answer["data"]["ndarray"] == [[2.0, 4.0]]
    assert answer["meta"]["requestPath"] == {"m": "registry.lab:5000/toy-runtime:0.1"}
    assert client.predict(deployments.url("toy"), request)["data"] == answer["data"]

    monkeypatch.chdir(project.root)
    Path("request.json").write_text(json.dumps(request))
    ran = CliRunner().invoke(main, ["predict", "toy", "--grpc", "--request", "request.json"])
    assert json.loads(ran.output) == answer
    assert f"{address} (gRPC)" in CliRunner().invoke(main, ["get", "deployments"]).output

    rest = deployments.url("toy").split("/")[2]
    seldon = subprocess.run(
        [wrapper / "bin" / "python", "-W", "ignore", "-c", ASKING, rest, address],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert seldon.returncode == 0, seldon.stderr
    said = [True, [[2.0, 4.0]], {"version": "1"}, True]
    assert json.loads(seldon.stdout.splitlines()[-1]) == {"rest": said, "grpc": said}
    (log,) = (project.state / "deployments" / "toy" / "logs").glob("toy-*/m.txt")
    assert log.read_text().count("told [[1.0, 2.0]] 0.5") == 2
    units = [each for each in tools.processes(project.root) if "toy.Model" in each.cmdline()]
    assert (len(units) == 1) is (server == "fast")


def test_who_does_not_ask_pays_nothing(deployments: Deployments, project: Project, tools: Any) -> None:
    """No gRPC port, no library of gRPC in the supervisor, no worker in the unit, whatever its image says."""
    deployments.apply(tools.manifest("m"))
    body = deployments.wait("m", timeout=20)
    assert status.grpc_address(body) == ""
    with pytest.raises(ArgolaneError, match="'m' has no gRPC port"):
        deployments.grpc_address("m")
    assert tools.ask(deployments.url("m"))["env"]["GRPC_WORKERS"] == "0"
    (supervisor, *_) = tools.processes(project.root)
    assert "cygrpc" not in Path(f"/proc/{supervisor.pid}/maps").read_text()
