"""The rules that a rendered template carries mean before the start what they mean to the guard."""

import json
from typing import Any

import pytest

from argolane.workflow import rules
from models.contract.rules import fits

RULES: list[dict[str, Any]] = [
    {"type": "int"},
    {"type": "int", "low": 1, "high": 9},
    {"type": "float", "low": 0, "high": 1},
    {"type": "float"},
    {"type": "str"},
    {"pattern": "[a-z]+(:[0-9]+)?"},
]
VALUES = [
    "1",
    "0",
    "10",
    "-1",
    "+3",
    "1.5",
    ".5",
    "1e3",
    "1e999",
    "nan",
    "inf",
    "",
    " 1",
    "1\n",
    "a",
    "a:1",
    "$(X)",
    "٣",
]


@pytest.mark.parametrize("rule", RULES, ids=json.dumps)
def test_the_rules_are_those_of_a_guard(rule: dict[str, Any]) -> None:
    """What a run's guard would refuse is refused before the run, and nothing else."""
    [read] = rules.read({"annotations": {rules.ANNOTATION: json.dumps({"x": rule})}}, where="").values()
    assert [read.fits(value) for value in VALUES] == [fits(value, rule) for value in VALUES]
