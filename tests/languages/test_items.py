"""Members of loops: their names and what {{item}} stands for."""

from typing import Any

import pytest

from argolane.errors import ArgolaneError
from argolane.languages import items


@pytest.mark.parametrize(
    ("item", "name", "scope"),
    [
        ("plain", "t(0:plain)", {"item": "plain"}),
        ('quote"s', 't(0:quote\\"s)', {"item": 'quote"s'}),
        ("(paren)", "t(0:paren)", {"item": "(paren)"}),
        ("<&>", "t(0:<&>)", {"item": "<&>"}),
        (2.5, "t(0:2.5)", {"item": "2.5"}),
        (True, "t(0:true)", {"item": "true"}),
        (None, "t(0:[])", {"item": "null"}),
        ([1, "a", {"b": "c"}], 't(0:[1 a {"b":"c"}])', {"item": '[1,"a",{"b":"c"}]'}),
        ({"k": 1, "g": "x"}, "t(0:g:x,k:1)", {"item.k": "1", "item.g": "x", "item": '{"g":"x","k":1}'}),
    ],
)
def test_member(item: Any, name: str, scope: dict[str, str]) -> None:
    """A node is named task(index:value); a map gives each key as item.key and itself as JSON."""
    assert items.node_name("t", 0, item) == name
    assert items.scope(item) == scope


def test_param_list_keeps_the_text_of_numbers() -> None:
    """In withParam 2.50 stays 2.50, and 1e3 stays 1e3."""
    loaded = items.load('[2.50, 1e3, {"a": 1.0}]')
    assert [items.scope(item)["item"] for item in loaded] == ["2.50", "1e3", '{"a":1.0}']


def test_param_that_is_not_json() -> None:
    """NaN is no JSON, here as in Go."""
    with pytest.raises(ValueError, match="NaN is not JSON"):
        items.load("[NaN]")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"count": "2"}, ["0", "1"]),
        ({"count": 0}, []),
        ({"start": "3", "end": "4"}, ["3", "4"]),
        ({"start": "1", "end": "-1"}, ["1", "0", "-1"]),
        ({"start": 10, "count": 2}, ["10", "11"]),
        ({"start": "9", "end": "10", "format": "file-%03d.txt"}, ["file-009.txt", "file-010.txt"]),
        ({"start": "10", "end": "11", "format": "%02x"}, ["0a", "0b"]),
        ({"count": 1, "format": "100%% %+5d|"}, ["100%    +0|"]),
        ({"count": 1, "format": "same"}, ["same%!(EXTRA int=0)"]),
    ],
)
def test_sequence(spec: dict[str, Any], expected: list[str]) -> None:
    """A sequence counts from start, up or down, by Go's printf."""
    assert items.sequence(spec) == expected


def test_sequence_needs_a_number() -> None:
    """A hexadecimal bound is refused with Go's words."""
    with pytest.raises(ArgolaneError, match=r'strconv.Atoi: parsing "0xA": invalid syntax'):
        items.sequence({"start": "0xA", "end": "0xB"})
