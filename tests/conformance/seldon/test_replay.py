"""Each recorded scenario of Seldon's executor, sent to our graph server in front of replayed nodes."""

import pytest
import uvloop
from deviations import BETTER, PANICS
from replay import replay
from scenario import Scenario, names

# Behaviour of a process, in test_process.py.
PROCESS = {n for n in names() if n.startswith("process_")}
REPLAYED = [name for name in names() if name not in PROCESS and name not in BETTER]


@pytest.mark.parametrize("name", REPLAYED)
def test_answered_as_by_the_executor(name: str) -> None:
    """Status, headers and body of each answer, and the calls made to nodes for it, are the recorded ones."""
    assert uvloop.run(replay(Scenario.load(name), PANICS.get(name, ""))) == []


def test_every_scenario_is_held_against_ours() -> None:
    """130 scenarios: replayed, run as processes, or listed with a reason and tested in test_better.py."""
    assert len(names()) == 130
    assert set(BETTER) <= set(names())


def test_every_deviation_is_one() -> None:
    """A scenario is listed under PANICS exactly when the executor closed a connection without an answer."""
    panicked = {
        name
        for name in names()
        if any(e.get("response", {}).get("closed") for e in Scenario.load(name).exchanges)
    }
    assert panicked == set(PANICS)
