"""An edited model is deployed, though nothing in its manifest changed."""

from pathlib import Path
from typing import Any

import pytest

from argolane.project import Project, find
from argolane.serving.deployments import Deployments
from argolane.serving.lineage import whence

SETTINGS = """
[[image]]
name = "toy-runtime"
folder = "toy"
lock = "toy/stock.lock"
command = ["python", "-m", "toy.serve"]
"""


@pytest.fixture
def project(tmp_path: Path, tools: Any) -> Project:
    (tmp_path / "argolane.toml").write_text(SETTINGS)
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/stock.lock").write_text("")
    (tmp_path / "toy/__init__.py").write_text("")
    served = tools.MODEL.replace('os.environ.get("VERSION")', "VERSION")
    (tmp_path / "toy/serve.py").write_text("from shared import VERSION\n" + served)
    (tmp_path / "shared.py").write_text('VERSION = "one"\n')
    return find(tmp_path)


def manifest(tools: Any) -> dict[str, Any]:
    made: dict[str, Any] = tools.manifest(
        "m", {"name": "m", "image": "registry.example.com/toy-runtime:1", "env": []}
    )
    return made


@pytest.mark.environments
def test_an_edited_model_is_deployed(project: Project, deployments: Deployments, tools: Any) -> None:
    """The same manifest again: new pods after an edit, and Creating until they answer; else the same pods."""

    def applied() -> tuple[dict[str, Any], str]:
        deployments.apply(manifest(tools))
        found = deployments.wait("m", timeout=60)
        return found, tools.ask(deployments.url("m"))["version"]

    first, version = applied()
    assert (first["metadata"]["generation"], version) == (1, "one")
    code = whence(project, "m")["code"]["registry.example.com/toy-runtime:1"]
    again, _ = applied()
    assert again["metadata"]["generation"] == 1
    # Of another size: Python takes a file of the same size and second for the one it has compiled.
    (project.root / "shared.py").write_text('VERSION = "two"  # edited\n')
    patched = deployments.patch("m", {"metadata": {"labels": {"a": "b"}}})
    assert patched["metadata"]["generation"] == 1
    assert deployments.apply(manifest(tools))["status"]["state"] == "Creating"
    edited, version = applied()
    assert (edited["metadata"]["generation"], version) == (2, "two")
    now = whence(project, "m")
    assert now["code"]["registry.example.com/toy-runtime:1"]["sha256"] != code["sha256"]
    assert "code" not in now["lineage"]
    (project.root / "other.py").write_text("X = 1\n")
    unchanged, _ = applied()
    assert unchanged["metadata"]["generation"] == 2
