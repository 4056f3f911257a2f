"""Tests that start servers for minutes are collected with `-m services` alone: `make test-services`."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    heavy = collection_path.name.startswith("test_services_")
    return True if heavy and "services" not in config.option.markexpr else None
