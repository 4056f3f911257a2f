"""What becomes of bytes on their way through a graph: escaping, injection, routes, strict reading."""

import json
from typing import Any

import pytest

from argolane.serving.graph_nodes import Node, Parameter
from argolane.serving.orchestrator import protojson, routing
from argolane.serving.orchestrator.injection import inject
from argolane.serving.orchestrator.messages import Failed, Message, escape, failure, sniff

ROUTER = Node("r", type="ROUTER", children=(Node("a"), Node("b")))


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


@pytest.mark.parametrize(
    ("body", "route"),
    [
        ('{"data":{"ndarray":[[1]]}}', 1),
        ('{"data":{"ndarray":[[1.9, 0]]}}', 1),
        ('{"data":{"ndarray":[-1.9]}}', -1),
        ('{"data":{"ndarray":[true]}}', 0),
        ('{"data":{"tensor":{"shape":[1,1],"values":[1]}}}', 1),
        ('{"data":{"names":["a"]}}', -1),
        ('{"data":{"ndarray":[[-2]]},"meta":{"tags":{"any":[1]}}}', -2),
        ("[1]", 1),
        (" [ 0 , 7 ] ", 0),
    ],
)
def test_first_number_of_a_routers_answer_counts(body: str, route: int) -> None:
    """ndarray or tensor, cut to a whole number; no data form at all means all children."""
    assert routing.read_route(ROUTER, body.encode()) == route


@pytest.mark.parametrize(
    ("body", "info"),
    [
        ("", "unexpected end of JSON input"),
        ("one", "invalid character 'o' looking for beginning of value"),
        ("[1.0]", "json: cannot unmarshal number 1.0 into Go value of type int"),
        ('["1"]', "json: cannot unmarshal string into Go value of type int"),
        ('{"extra":1}', "json: cannot unmarshal object into Go value of type []int"),
        ("7", "json: cannot unmarshal number 7 into Go value of type []int"),
        ("null", "Router 'r' answered no route: null; expected [[0]], say."),
        ("{}", "Router 'r' answered without data; expected data.ndarray [[0]], say."),
        (
            '{"data":{"ndarray":[]}}',
            'Router \'r\' answered no route: {"data":{"ndarray":[]}}; expected [[0]], say.',
        ),
    ],
)
def test_routers_answer_that_is_no_route_is_an_error(body: str, info: str) -> None:
    """In the executor's words where it has any, else in ours, where it would panic."""
    with pytest.raises(Failed) as caught:
        routing.read_route(ROUTER, body.encode())
    assert (caught.value.info, caught.value.status) == (info, 500)


def test_split_compares_a_draw_with_its_ratio() -> None:
    """Child 0 below ratioA; 0.5 without it and in company of other parameters."""
    alone = Node("ab", parameters=(Parameter("ratioA", "0.25"),))
    beside = Node("ab", parameters=(Parameter("ratioA", "0.25"), Parameter("x", "1")))
    assert [routing.split(alone, iter([draw]).__next__) for draw in (0.0, 0.24, 0.25, 0.9)] == [0, 0, 1, 1]
    assert [routing.split(beside, iter([draw]).__next__) for draw in (0.24, 0.49, 0.5)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("response", "routes"),
    [
        ({"meta": {"routing": {"r": 1, "s": "0"}}}, {"r": 1, "s": 0}),
        ({"meta": {"routing": {"r": 1.0}}}, {}),
        ({"meta": {"routing": {"r": 2**31}}}, {}),
        ({"meta": {"routing": {"r": 1}, "requestPath": {"r": 3}}}, {}),
        ({"meta": {"routing": {"r": 1}, "request_path": {"r": "i"}, "puid": None}}, {"r": 1}),
        ({"meta": {"routing": {"r": 1}}, "data": {"tensor": {"shape": [1], "values": ["1.5"]}}}, {"r": 1}),
        ({"meta": {"routing": {"r": 1}}, "data": {"shape": [1]}}, {}),
        ({"meta": {"routing": {"r": 1}, "metrics": [{"key": "k", "type": "COUNTER", "value": 1}]}}, {"r": 1}),
        ({"meta": {"routing": {"r": 1}, "metrics": [{"key": "k", "type": "SUM", "value": 1}]}}, {}),
        ({}, {}),
    ],
)
def test_feedback_is_read_strictly(response: dict[str, Any], routes: dict[str, int]) -> None:
    """Anything amiss anywhere, and no routing is seen: the feedback goes to all children."""
    body = json.dumps({"request": {"data": {"ndarray": [[1]]}}, "response": response, "reward": 1}).encode()
    assert routing.feedback_routing(body) == routes


@pytest.mark.parametrize("body", [b"", b"[]", b'{"reward":NaN}', b'{"reward":true}', b"{" * 100_000])
def test_what_is_no_feedback_has_no_routing(body: bytes) -> None:
    """And reading it does not fail."""
    assert routing.feedback_routing(body) == {}


def test_text_after_a_message_is_not_looked_at() -> None:
    """The executor's reader stops at the end of the object, too."""
    assert protojson.feedback(b' {"reward":1} and more') == {"reward": 1.0}
