"""YAML values, durations and JSON, as Go reads and prints them."""

from typing import Any

import pytest

from argolane.languages.values import any_string, go_json_error, parse_duration


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.10, "1.1"),
        (True, "true"),
        (1000.0, "1000"),
        (12345678901234567890, "12345678901234567000"),
        ("x", "x"),
    ],
)
def test_values_become_text_by_way_of_json(value: Any, text: str) -> None:
    """Unquoted YAML values of parameters read as Argo reads them."""
    assert any_string(value) == text


def test_durations() -> None:
    """A bare number is seconds, else Go's units; anything else is refused with Go's words."""
    assert [parse_duration(text) for text in ("5", "1m30s", "1.5h", "200ms", "0")] == [5, 90, 5400, 0.2, 0]
    with pytest.raises(ValueError, match='unable to parse soon as a duration: time: invalid duration "soon"'):
        parse_duration("soon")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "unexpected end of JSON input"),
        ("text", "invalid character 'e' in literal true (expecting 'r')"),
        ("a,b", "invalid character 'a' looking for beginning of value"),
        ("5 x", "invalid character 'x' after top-level value"),
        ("[1 2]", "invalid character '2' after array element"),
    ],
)
def test_json_errors_are_gos(text: str, problem: str) -> None:
    """What is no JSON is complained about in the words of Go's encoding/json."""
    assert go_json_error(text) == problem
