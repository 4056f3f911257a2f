"""The models' own Python environments, and what is trained in them once for all tests."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from argolane.containers import environments
from argolane.project import Project
from tests.models import forks

ROOT = Path(__file__).resolve().parents[2]
# What trainers and the steps of a sweep import, which takes longer than most that they do here. Not
# onnxruntime: it does not work in a fork of the process that has imported it.
TRAINING = ("pydantic", "numpy", "matplotlib.pyplot", "sklearn.ensemble", "skl2onnx", "optuna")
Run = Callable[..., subprocess.CompletedProcess[str]]


def python_of(lock: str) -> Path:
    """The interpreter of a lock's environment, which is made when it is missing."""
    cache = Project(ROOT).cache / "envs"
    say = lambda text: print(text, file=sys.stderr)  # noqa: E731, T201
    return environments.ensure(ROOT / "models" / lock, cache, root=ROOT, say=say) / "bin" / "python"


def run(
    python: Path, *arguments: object, root: Path = ROOT, libraries: tuple[str, ...] = (), **env: object
) -> subprocess.CompletedProcess[str]:
    """Run Python on `arguments` with `root` as the place where `models` is found.

    With `libraries` it is a fork of a process that has imported them.
    """
    passed = {name: value for name, value in os.environ.items() if not name.startswith(("MNIST_", "MODEL_"))}
    passed |= {"PYTHONPATH": str(root)} | {name: str(value) for name, value in env.items()}
    if libraries:
        return forks.of(python, libraries).run([*map(str, arguments)], cwd=root, env=passed)
    return subprocess.run(
        [str(python), *map(str, arguments)],
        cwd=root,
        env=passed,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


@pytest.fixture(scope="session")
def trainer() -> Path:
    """Python with what sk_mnist is trained with."""
    return python_of("sk_mnist/train.lock")


@pytest.fixture(scope="session")
def runtime() -> Path:
    """Python with what every model is served with."""
    return python_of("sk_mnist/runtime.lock")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def sk_mnist(trainer: Path, store: Path) -> Path:
    """The folder of sk_mnist 0.1, trained on the digits."""
    done = train(trainer, "sk_mnist", store, dataset="digits")
    assert done.returncode == 0, done.stderr
    return store / "sk_mnist" / "0.1"


def train(
    python: Path,
    model: str,
    store: Path,
    *flags: str,
    dataset: str = "",
    root: Path = ROOT,
    **env: object,
) -> subprocess.CompletedProcess[str]:
    outputs = [f"--{name}-file={store / name}" for name in ("metric", "version", "charts")]
    data = (f"--dataset={dataset}",) if dataset else ()
    arguments = ("-m", f"models.{model}.train", *data, *outputs, *flags)
    return run(python, *arguments, root=root, libraries=TRAINING, MODEL_STORE=store, **env)
