"""Every recorded case: the local engine does what the real controller did, or refuses the feature."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from harness import Outcome, needs, run_all
from recording import names

# Cases that need what the engine refuses, with the field that it names.
REFUSED: dict[str, str] = {}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Outcome]]]:
    """Every case, run beside the others; each has a project of its own."""
    with run_all(names(), tmp_path_factory.mktemp("cases")) as started:
        yield started
    assert threading.active_count() < 50


@pytest.mark.parametrize("name", names())
def test_case(name: str, outcomes: dict[str, Future[Outcome]]) -> None:
    """Phase, nodes, messages, outputs, exit codes and logs are those that Argo 3.7.18 was recorded with."""
    if reason := needs(name):
        pytest.skip(reason)
    outcome = outcomes[name].result(timeout=120)
    if outcome.refused:
        assert name in REFUSED, outcome.refused
        assert REFUSED[name] in outcome.refused[0]
    else:
        assert outcome.differences == []
        assert name not in REFUSED, "the engine runs it now: take it off the list"


def test_few_cases_are_refused() -> None:
    """At least nine of ten recorded cases are run, not refused."""
    assert len(REFUSED) <= len(names()) / 10
