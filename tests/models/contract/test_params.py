"""A param's one rule: what a command line takes for it is what the guard of a workflow takes."""

import pytest

from models.contract.params import Param
from models.contract.rules import fits
from tests.models.contract.param_cases import CASES, CHOICES, VALUES


def param(kind: str, **more: object) -> Param:
    choices = CHOICES if kind == "choice" else ()
    made = {"type": kind, "value": VALUES[kind], "description": "-", "choices": choices, **more}
    return Param.model_validate(made)


@pytest.mark.parametrize(("kind", "text", "taken"), CASES)
def test_a_command_line_takes_what_the_rule_takes(kind: str, text: str, taken: bool) -> None:
    """Not Python's own idea of a number, which knows 1_000 and nan; not any spelling of true."""
    given = param(kind)
    assert fits(text, given.rule) is taken
    if taken:
        given.parse(text)
    else:
        with pytest.raises(ValueError, match="; expected "):
            given.parse(text)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "+12", 12),
        ("float", "1e-3", 0.001),
        ("float", "2", 2.0),
        ("bool", "true", True),
        ("str", "", ""),
    ],
)
def test_a_text_becomes_a_value_of_the_type(kind: str, text: str, value: object) -> None:
    """A float stays one also where the text looks like an int."""
    parsed = param(kind).parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_bounds_hold_on_both_sides_and_alone() -> None:
    """Both are part of the range; the message says them."""
    both = param("int", value=1, minimum=1, maximum=3)
    assert [fits(text, both.rule) for text in "01234"] == [False, True, True, True, False]
    assert [fits(text, param("int", value=2, minimum=2).rule) for text in "123"] == [False, True, True]
    with pytest.raises(ValueError, match=r"is '4'; expected int of at least 1 and at most 3\."):
        both.parse("4")


def test_a_rule_is_what_the_guard_reads() -> None:
    """JSON alone: an enum for what is closed, a type with bounds and words else."""
    assert param("bool").rule == {"enum": ["true", "false"]}
    assert param("choice").rule == {"enum": ["a", "b c"]}
    assert param("float", maximum=2.5).rule == {
        "type": "float", "high": 2.5, "expected": "float of at most 2.5",
    }  # fmt: skip


@pytest.mark.parametrize("value", [1e-7, 123456789.125, 5, True, "x"])
def test_a_default_survives_its_own_text(value: object) -> None:
    """What a workflow shows as the default is the default, to the last digit."""
    kind = {bool: "bool", int: "int", str: "str"}.get(type(value), "float")
    given = param(kind, value=value)
    assert given.parse(given.text) == value


@pytest.mark.parametrize(
    ("kind", "value"), [("int", 1.0), ("int", True), ("int", 10**18), ("float", "1"), ("str", "$(X)"),
                        ("float", float("nan")), ("bool", 1), ("str", "a\nb")]
)  # fmt: skip
def test_a_default_is_held_to_the_same_rule(kind: str, value: object) -> None:
    """A model.yaml cannot have a default that its own workflow would refuse."""
    assert not param(kind).allows(value)
