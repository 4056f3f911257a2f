"""A checkout of the content folders for each test file, so that runs and deployments are its own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTENT = ("argolane.toml", "models", "workflows", "k8s_serving", "notebooks", "templates")

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project without its machinery; its deployments are ended with the file's tests."""
    root = copied(tmp_path_factory.mktemp("checkout"))
    yield root
    run_command(root, "delete", "deployments", "--all")


def copied(root: Path) -> Path:
    """The same folder, with the content in it."""
    for name in CONTENT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    return root


@pytest.fixture(scope="module")
def argolane(checkout: Path) -> Command:
    """Calls the command line in the checkout."""

    def call(*arguments: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = run_command(checkout, *arguments)
        assert status is None or done.returncode == status, done.stdout + done.stderr
        return done

    return call


def outputs(argolane: Command, run: str, task: str) -> dict[str, Any]:
    """The output parameters of a task of the latest run of a workflow."""
    status = json.loads(argolane("get", run, "-o", "json").stdout)
    [node] = [node for node in status["nodes"].values() if node["displayName"] == task]
    return {one["name"]: one.get("value") for one in node["outputs"]["parameters"]}


def run_command(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "argolane", *arguments],
        cwd=root, capture_output=True, text=True, check=False, timeout=400, stdin=subprocess.DEVNULL,
    )  # fmt: skip
