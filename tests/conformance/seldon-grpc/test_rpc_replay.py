"""Each scenario of Seldon's executor over gRPC, sent to our graph server in front of replayed nodes."""

import pytest
import uvloop
from rpc_deviations import DEATHS, WORDS
from rpc_replay import names, replay, scenario


@pytest.mark.parametrize("name", names())
def test_answered_as_by_the_executor(name: str) -> None:
    """Code, words, metadata and message of each answer, and the calls to nodes, are the recorded ones."""
    assert uvloop.run(replay(name)) == []


def test_every_deviation_is_one() -> None:
    """Listed under DEATHS is what the executor died of; one of 30 scenarios differs in its words."""
    died = {
        (name, number)
        for name in names()
        for number, exchange in enumerate(scenario(name)["exchanges"])
        if "executor_dies" in exchange["response"]
    }
    assert died == set(DEATHS)
    assert len(names()) == 30
    assert {name for name, _ in WORDS} == {"wrong_messages"}
