"""Every kind of isolation that this machine allows, as a fixture."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from argolane.containers import spawner
from argolane.containers.sandbox import Container, Mount, start
from argolane.errors import ArgolaneError

ENV = {"PATH": os.environ["PATH"], "PYTHON": sys.executable}


def _force(kind: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(spawner.ENVIRONMENT_VARIABLE, kind)
    try:
        spawner.current()
    except ArgolaneError as error:
        pytest.skip(str(error))
    return kind


@pytest.fixture(params=["root", "user", "none"])
def isolation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    return _force(request.param, monkeypatch)


@pytest.fixture(params=["root", "user"])
def namespaces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    return _force(request.param, monkeypatch)


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> str:
    return _force("none", monkeypatch)


@pytest.fixture
def sh(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Runs shell text in a container; its exit code, and stdout and stderr together."""

    def run(script: str, *arguments: str, **fields: object) -> tuple[int, str]:
        output = tmp_path / "output.txt"
        output.unlink(missing_ok=True)
        env = ENV | dict(fields.pop("env", {}))  # type: ignore[call-overload]
        mounts = tuple(Mount(*mount) for mount in fields.pop("mounts", ()))  # type: ignore[attr-defined]
        argv = ("sh", "-c", script, "sh", *arguments)
        process = start(Container("test", argv, env, mounts=mounts, **fields), stdout=output)  # type: ignore[arg-type]
        return process.wait(20), output.read_text()

    return run
