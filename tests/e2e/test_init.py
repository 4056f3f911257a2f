"""A project of `argolane init` runs with the installed package alone, and so do the models it adds."""

import os
import shutil
import subprocess
import sysconfig
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.e2e.conftest import ROOT

pytestmark = [pytest.mark.environments, pytest.mark.timeout(500)]

Call = Callable[..., str]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with argolane as its wheel, and what that needs; this repository is not on its path."""
    here = tmp_path_factory.mktemp("installed")
    source = here / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "argolane", source / "argolane", ignore=shutil.ignore_patterns("__pycache__"))
    venv.create(here / "venv", symlinks=True)
    python = here / "venv/bin/python"
    packages = Path(subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip())  # fmt: skip
    install = [find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--python", str(python), str(source)]
    subprocess.run(install, check=True)
    # A folder in a .pth is only a path: the .pth by which this repository itself is found is not read again.
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return python


@pytest.fixture(scope="module")
def call(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """Runs a module of that environment in the new project."""
    root = tmp_path_factory.mktemp("somewhere") / "else"
    root.mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MODEL_"))}

    def run(*arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            [str(python), "-P", "-m", *arguments],
            cwd=root, env=env, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    run("argolane", "init", ".")
    yield run
    run("argolane", "delete", "deployments", "--all")


def test_the_package_alone_is_in_use(python: Path) -> None:
    """Neither argolane nor models come from this repository."""
    asked = "import argolane, importlib.util as u; print(argolane.__file__, u.find_spec('models'))"
    said = subprocess.check_output([python, "-P", "-c", asked], text=True, cwd="/")
    assert said.startswith(str(python.parents[1])) and said.endswith(" None\n")


def test_a_new_project_lints_and_tests_itself(call: Call) -> None:
    """No doubt about its workflow, and tests that pass."""
    assert call("argolane", "lint") == "1 files: 0 errors, 0 warnings.\n"
    assert "4 passed" in call("pytest", "-q", "-p", "no:cacheprovider", "tests")


def test_its_model_is_trained_deployed_and_asked(call: Call) -> None:
    """The commands of its README, in order."""
    call("argolane", "run", "train-leaves")
    answer = call("argolane", "predict", "leaves", "--request", "models/leaves/request.json")
    assert all(name in answer for name in ("birch", "oak", "willow"))
    call("argolane", "delete", "deployment", "leaves")


@pytest.mark.heavy
def test_other_kinds_of_models_join_it(call: Call) -> None:
    """Written, rendered, trained and passed; nothing was edited for them."""
    kinds = {"text": "accuracy", "regression": "rmse"}
    for kind in kinds:
        call("argolane", "new", "model", f"my_{kind}", "--like", kind)
    call("argolane", "render")
    for kind, metric in kinds.items():
        said = call("argolane", "run", f"train-my-{kind}", "-p", "deploy=false", "--log")
        assert f"my_{kind} 0.1: {metric} " in said


def test_it_is_not_started_twice(call: Call) -> None:
    """What is there stays."""
    call("argolane", "init", ".", status=1)
