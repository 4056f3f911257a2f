"""`meta.routing` in an answer, and what becomes of the rest of it."""

import pytest

from argolane.serving.orchestrator.injection import inject
from argolane.serving.orchestrator.messages import Message


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ('{"meta":{},"b":1.0,"a":[2,3.5]}', '{"a":[2,3.5],"b":1,"meta":{"routing":{"n":-1}}}'),
        (
            '{"meta":{"routing":{"x":9},"tags":{"t":"<"}}}',
            '{"meta":{"routing":{"n":-1},"tags":{"t":"\\u003c"}}}',
        ),
        ('{"meta":null}', '{"meta":null}'),
        ("[1.0,10000000000000001,9223372036854775808]", "[1,10000000000000000,9223372036854776000]"),
        ("[1e3,1.5e300,-0.25,1e21]", "[1000,1.5e+300,-0.25,1e+21]"),
        ('"\\ud83d\\ude00 \\ud83d"', '"\U0001f600 \ufffd"'),
        ("3", "3"),
        ("[0.00001,0.000012345,1e-6]", "[0.00001,0.000012345,0.000001]"),
        ("[1e-7,-2.5e-9,1e-10,-0,-0.0]", "[1e-7,-2.5e-9,1e-10,-0,-0]"),
        (r'["\b\f\u0001\n","1e-05 -0.0 \\b",1e-05]', r'["\u0008\u000c\u0001\n","1e-05 -0.0 \\b",0.00001]'),
    ],
)
def test_injection_writes_the_answer_anew(given: str, written: str) -> None:
    """Keys sorted, whole numbers without a point, float64 precision; routing only where there is a meta."""
    message = inject(Message(given.encode(), "x/y"), {"n": -1})
    assert (message.body.decode(), message.content_type) == (written, "x/y")


@pytest.mark.parametrize(
    "given", ['{"a":[0.00001,1e-7,-0,0.1],"b":"\\u0008\\u000c é \\u003c"}', "[1e+21,1e-10,123456789,-1.5]"]
)
def test_an_answer_that_needs_no_change_passes_byte_for_byte(given: str) -> None:
    """What is written as Go writes it stays: its numbers, its escapes."""
    assert inject(Message(given.encode(), ""), {}).body == given.encode()


@pytest.mark.parametrize("given", ["", "plain", "[NaN]", "[1e400]", "\ufeff{}", "[" * 100_000])
def test_injection_refuses_what_is_not_json(given: str) -> None:
    """ValueError, after which the answer is passed on as it is."""
    with pytest.raises(ValueError):
        inject(Message(given.encode(), ""), {})
