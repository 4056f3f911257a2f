"""Every kind of isolation that this machine allows, as a fixture."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from argolane.containers import spawner
from argolane.containers.sandbox import Container, Mount, start
from argolane.errors import ArgolaneError

ENV = {"PATH": os.environ["PATH"]}


@contextlib.contextmanager
def _forced(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(spawner.ENVIRONMENT_VARIABLE, kind)
        try:
            before = spawner.current()
        except ArgolaneError as error:
            pytest.skip(str(error))
        yield kind
        # Nothing that a container does may harm the process that starts the others.
        assert "killed_spawner" in request.node.name or before._process.poll() is None


@pytest.fixture(params=["root", "user", "none"])
def isolation(request: pytest.FixtureRequest) -> Iterator[str]:
    with _forced(request.param, request) as kind:
        yield kind


@pytest.fixture(params=["root", "user"])
def namespaces(request: pytest.FixtureRequest) -> Iterator[str]:
    with _forced(request.param, request) as kind:
        yield kind


@pytest.fixture
def no_namespaces(request: pytest.FixtureRequest) -> Iterator[str]:
    with _forced("none", request) as kind:
        yield kind


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
