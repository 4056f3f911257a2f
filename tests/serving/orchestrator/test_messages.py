"""Bodies on their way through a graph: escaping, failures, guessed types."""

import json

import pytest

from argolane.serving.orchestrator.messages import escape, failure, sniff


def test_escaping_changes_only_what_html_could_read() -> None:
    """And leaves equal JSON; already escaped text stays."""
    plain = '{"a":"<&>\u2028\u2029 é \\u003c"}'.encode()
    assert escape(plain) == '{"a":"\\u003c\\u0026\\u003e\\u2028\\u2029 é \\u003c"}'.encode()
    assert json.loads(escape(plain)) == json.loads(plain)


def test_failure_is_a_seldon_status() -> None:
    """Code, info and status, as the executor writes them."""
    assert failure('say "é"').decode() == '{"status":{"code":500,"info":"say \\"é\\"","status":"FAILURE"}}'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"", ""), (b"{}", "text/plain; charset=utf-8"), (b"\x00\x01", "application/octet-stream")],
)
def test_content_type_of_an_error_is_guessed(body: bytes, content_type: str) -> None:
    """Nothing for nothing; binary only where there are control characters."""
    assert sniff(body) == content_type
