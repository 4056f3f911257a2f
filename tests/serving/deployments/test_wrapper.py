"""A model class under the real seldon-core-microservice, as the project's own runtime images serve it."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.project import Project, find
from argolane.serving import client
from argolane.serving.deployments import Deployments

pytestmark = pytest.mark.environments

# The lock under its own name, so that the environment that everything else uses is used here.
LOCK = "models/sk_mnist/runtime.lock"
SETTINGS = f"""
[[image]]
name = "toy-runtime"
folder = "toy"
lock = "{LOCK}"
command = ["seldon-core-microservice", "toy.Model", "--service-type", "MODEL"]
env = {{ GRPC_WORKERS = "0" }}
"""
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
        return X * self.factor + self.bias
    def tags(self):
        return {"version": Path(os.environ["MODEL_DIR"]).name}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "__init__.py").write_text(MODEL)
    (tmp_path / "argolane.toml").write_text(SETTINGS)
    (tmp_path / LOCK).parent.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[3] / LOCK, tmp_path / LOCK)
    for version in ("1", "2"):
        folder = tmp_path / ".argolane" / "volumes" / "model-store" / "toy" / version
        folder.mkdir(parents=True)
        (folder / "bias").write_text(version)
    return find(tmp_path)


def test_two_arms_an_update_and_a_model_that_does_not_load(deployments: Deployments, tools: Any) -> None:
    """Version 2 replaces version 1 in both arms; a version that is not there does not, and says why."""

    def arm(name: str, version: str) -> dict[str, Any]:
        return {
            "name": name,
            "image": "registry.lab:5000/toy-runtime:0.1",
            "env": [{"name": "MODEL_DIR", "value": f"/mnt/model-store/toy/{version}"}],
            "volumeMounts": [{"name": "store", "mountPath": "/mnt/model-store", "readOnly": True}],
        }

    def node(name: str, factor: str) -> dict[str, Any]:
        parameters = [{"name": "factor", "value": factor, "type": "FLOAT"}]
        return {"name": name, "type": "MODEL", "parameters": parameters}

    def manifest(version: str) -> dict[str, Any]:
        graph = {
            "name": "split",
            "implementation": "RANDOM_ABTEST",
            "parameters": [{"name": "ratioA", "value": "0.5", "type": "FLOAT"}],
            "children": [node("a", "1"), node("b", "100")],
        }
        asked: dict[str, Any] = tools.manifest("toy", arm("a", version), arm("b", version), graph=graph)
        pod = asked["spec"]["predictors"][0]["componentSpecs"][0]["spec"]
        pod["volumes"] = [{"name": "store", "persistentVolumeClaim": {"claimName": "model-store"}}]
        return asked

    def answers(url: str) -> set[tuple[float, str, tuple[str, ...]]]:
        """Value, version and arm, of as many requests as make it sure that both arms have answered."""
        found = set()
        for _ in range(16):
            answer = client.predict(url, {"data": {"ndarray": [[2.0]]}})
            meta = answer["meta"]
            arms = tuple(arm for arm in meta["requestPath"] if arm != "split")
            found.add((answer["data"]["ndarray"][0][0], meta["tags"]["version"], arms))
        return found

    deployments.apply(manifest("1"))
    url = deployments.wait("toy", timeout=200)["status"]["address"]["url"]
    assert answers(url) == {(3.0, "1", ("a",)), (201.0, "1", ("b",))}
    deployments.apply(manifest("2"))
    deployments.wait("toy", timeout=30)
    assert answers(url) == {(4.0, "2", ("a",)), (202.0, "2", ("b",))}
    deployments.apply(manifest("3"))
    with pytest.raises(ArgolaneError) as caught:
        deployments.wait("toy", timeout=60)
    told = str(caught.value).splitlines()[0]
    # The wrapper ends, or its main process hangs while nobody listens any more: both are seen.
    ended = r"Container '[ab]' (ended with exit code 3|stopped listening on its port, and was ended \(\d+\))"
    assert re.search(f"CrashLoopBackOff: {ended}: RuntimeError: no model", told)
    assert "/mnt/model-store/toy/3" in told or ".argolane/volumes/model-store/toy/3" in told
    assert answers(url) == {(4.0, "2", ("a",)), (202.0, "2", ("b",))}
    with pytest.raises(ArgolaneError, match=r"HTTP [45]00: "):
        client.predict(url, {"data": {"ndarray": [["text"]]}})
