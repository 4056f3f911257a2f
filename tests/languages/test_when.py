"""The rules of `when` that people trip over; answers/when.json holds many more."""

import pytest

from argolane.languages import when


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("abc == abc", True),
        ("1.10 == 1.1", True),
        ("'1.10' == '1.1'", False),
        ("'5' == 5", False),
        ("True == true", False),
        ("'a-b' == 'a-b'", True),
        ("'2021-01-02' == '2021-01-02 00:00:00'", True),
        ("x in (x, y)", True),
        ("'abc' =~ '^a.c$'", True),
        ("2 ** 3 ** 2 == 64", True),
        ("10 - 3 - 2 == 5", True),
        ("true ? false : true", False),
    ],
)
def test_values(text: str, holds: bool) -> None:
    """Bare words are texts, unquoted numbers are numbers, quoted dates are dates, chains lean left."""
    assert when.evaluate(text) is holds


@pytest.mark.parametrize(
    ("text", "before", "reason"),
    [
        ("1 + 1", "Expected boolean evaluation for", "'. Got 2"),
        (
            " == x",
            "Invalid 'when' expression",
            "': Cannot transition token types from UNKNOWN [<nil>] to COMPARATOR [==]",
        ),
        (
            "a-b == a-b",
            "Failed to evaluate 'when' expresion",
            "': Value 'a' cannot be used with the modifier '-', it is not a number",
        ),
        ("'it's' == 'x'", "Invalid 'when' expression", "': Unclosed string literal"),
        (
            "{{x}} == y",
            "Invalid 'when' expression",
            "': Invalid token: '{{' (hint: try wrapping the affected expression in quotes (\"))",
        ),
        (
            "!yes",
            "Failed to parse 'when' expression",
            "': Cannot transition token types from PREFIX [!] to STRING [yes]",
        ),
        (
            "x in ('x')",
            "Failed to evaluate 'when' expresion",
            "': Value 'x' cannot be used with the comparator 'in', it is not a number",
        ),
    ],
)
def test_refusals(text: str, before: str, reason: str) -> None:
    """What govaluate refuses is refused with Argo's whole message."""
    with pytest.raises(when.WhenError) as caught:
        when.evaluate(text)
    assert str(caught.value) == f"{before} '{text}{reason}"


def test_value_shows_what_is_not_a_truth_value() -> None:
    """`value` gives the result whatever its kind."""
    assert when.value("1, 2") == [1.0, 2.0]
