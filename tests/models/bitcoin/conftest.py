"""The environment that the steps run in: made of train.lock when it is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import python_of


@pytest.fixture(scope="session")
def python() -> Path:
    return python_of("bitcoin/train.lock")


@pytest.fixture(scope="session")
def serving() -> Path:
    return python_of("bitcoin/runtime.lock")


def version(store: Path, name: str) -> Any:
    return json.loads((store / "bitcoin" / name / "version.json").read_text())
