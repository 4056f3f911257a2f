"""Go's ways of writing numbers, texts and JSON."""

from typing import Any

import pytest

from argolane.languages import gotext


@pytest.mark.parametrize(
    ("number", "plain", "as_json", "shown"),
    [
        (1.0, "1", "1", "1"),
        (1.1, "1.1", "1.1", "1.1"),
        (1e6, "1000000", "1000000", "1e+06"),
        (123456.0, "123456", "123456", "123456"),
        (1e21, "1000000000000000000000", "1e+21", "1e+21"),
        (12345678901234567890.0, "12345678901234567000", "12345678901234567000", "1.2345678901234567e+19"),
        (1e-7, "0.0000001", "1e-7", "1e-07"),
        (-0.5, "-0.5", "-0.5", "-0.5"),
    ],
)
def test_numbers(number: float, plain: str, as_json: str, shown: str) -> None:
    """A parameter never has an exponent, JSON from 1e21 on, a message from 1e6 on."""
    assert (gotext.number_plain(number), gotext.number_json(number), gotext.number_text(number)) == (
        plain,
        as_json,
        shown,
    )


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a", "a"),
        ('a"b\\', 'a\\"b\\\\'),
        ("\n\t", "\\n\\t"),
        ("\x01", "\\x01"),
        ("é☃", "é☃"),
        ("\u200b", "\\u200b"),
    ],
)
def test_quote(text: str, quoted: str) -> None:
    """strconv.Quote: what prints stays, a control character becomes what JSON does not know."""
    assert gotext.quote(text) == quoted


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": [1, 2.0], "a": None}, '{"a":null,"b":[1,2]}'),
        ("<&>\u2028", '"\\u003c\\u0026\\u003e\\u2028"'),
        (True, "true"),
    ],
)
def test_json(value: Any, written: str) -> None:
    """Keys are sorted, whole floats have no point, <&> are escaped."""
    assert gotext.to_json(value) == written


def test_json_has_no_infinity() -> None:
    """A number JSON lacks is refused with Go's words."""
    with pytest.raises(ValueError, match=r"json: unsupported value: \+Inf"):
        gotext.to_json(float("inf"))


def test_values_in_messages() -> None:
    """%v of nil, lists and maps."""
    assert gotext.text_of([None, True, {"k": "v"}, 2.0]) == "[<nil> true map[k:v] 2]"
