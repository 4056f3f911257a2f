"""Every recorded case: the local engine does what the real controller did, or refuses the feature."""

import importlib.util
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _harness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("argo_harness", Path(__file__).with_name("harness.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


harness = _harness()
# Cases that need what the engine refuses, with the field that it names.
REFUSED: dict[str, str] = {}
# They mostly wait: for sleeps, deadlines and backoffs of the recorded manifests.
_AT_ONCE = 8
_LONG = ("dag-failfast-true", "deadline-retry", "deadline-workflow", "deadline-template-parameter")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Any]]]:
    """Every case, run beside the others; each has a project of its own."""
    root = tmp_path_factory.mktemp("cases")
    names = sorted(harness.names(), key=lambda name: (name not in _LONG, name))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {name: pool.submit(harness.run, name, root) for name in names}
    assert threading.active_count() < 50


@pytest.mark.parametrize("name", harness.names())
def test_case(name: str, outcomes: dict[str, Future[Any]]) -> None:
    """Phase, nodes, messages, outputs, exit codes and logs are those that Argo 3.7.18 was recorded with."""
    outcome = outcomes[name].result(timeout=120)
    if outcome.refused:
        assert name in REFUSED, outcome.refused
        assert REFUSED[name] in outcome.refused[0]
    else:
        assert outcome.differences == []
        assert name not in REFUSED, "the engine runs it now: take it off the list"


def test_few_cases_are_refused() -> None:
    """At least nine of ten recorded cases are run, not refused."""
    assert len(REFUSED) <= len(harness.names()) / 10
