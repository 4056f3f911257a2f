"""Loops become one copy of their step or task for each item."""

from typing import Any

import pytest

from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow.loops import expand

STEP = {"name": "fan", "template": "t", "arguments": {"parameters": [{"name": "x", "value": "{{item}}"}]}}


def values(members: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(str(m["name"]), m["arguments"]["parameters"][0]["value"]) for m in members]


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ({}, [("fan", "{{item}}")]),
        ({"withItems": ["a", 2]}, [("fan(0:a)", "a"), ("fan(1:2)", "2")]),
        ({"withParam": "[1.50]"}, [("fan(0:1.50)", "1.50")]),
        ({"withSequence": {"start": 3, "end": 2}}, [("fan(0:3)", "3"), ("fan(1:2)", "2")]),
        ({"withParam": "[]"}, []),
    ],
)
def test_members(loop: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each has its name and its item; what is no loop is its only member."""
    assert values(expand({**STEP, **loop}, {})) == expected


def test_a_loop_over_no_list_matters_only_if_it_may_run() -> None:
    """withParam that is no list fails the task, unless its `when` is false."""
    broken = {**STEP, "withParam": "text"}
    with pytest.raises(OperationError, match="could not be parsed as a JSON list: text"):
        expand(broken, {})
    assert expand({**broken, "when": "1 == 2"}, {}) == []
