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
    ],
)
def test_injection_writes_the_answer_anew(given: str, written: str) -> None:
    """Keys sorted, whole numbers without a point, float64 precision; routing only where there is a meta."""
    message = inject(Message(given.encode(), "x/y"), {"n": -1})
    assert (message.body.decode(), message.content_type) == (written, "x/y")


@pytest.mark.parametrize("given", ["", "plain", "[NaN]", "[1e400]", "\ufeff{}", "[" * 100_000])
def test_injection_refuses_what_is_not_json(given: str) -> None:
    """ValueError, after which the answer is passed on as it is."""
    with pytest.raises(ValueError):
        inject(Message(given.encode(), ""), {})
