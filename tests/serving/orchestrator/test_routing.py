"""A router's answer, a ratio, a feedback: which way a request goes."""

import json
from typing import Any

import pytest

from argolane.serving.graph_nodes import Node, Parameter
from argolane.serving.orchestrator import routing
from argolane.serving.orchestrator.messages import Failed, Refused

ROUTER = Node("r", type="ROUTER", children=(Node("a"), Node("b")))


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


@pytest.mark.parametrize(
    ("response", "reward"),
    [
        ({"meta": {"routing": {"r": 2**31}}}, 1),
        ({"meta": {"routing": {"r": "-2147483649"}}}, 1),
        ({"meta": {}}, 1e39),
        ({"meta": {}}, "-Infinity"),
    ],
)
def test_feedback_with_a_number_out_of_range_is_refused(response: dict[str, Any], reward: Any) -> None:
    """A 400 and nobody is told, where the executor would tell all children."""
    body = json.dumps({"response": response, "reward": reward}).encode()
    with pytest.raises(Refused, match="out of range") as caught:
        routing.feedback_routing(body)
    assert (caught.value.status, caught.value.code) == (400, 400)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"reward":NaN}', b'{"reward":true}', b"{" * 100_000])
def test_what_is_no_feedback_has_no_routing(body: bytes) -> None:
    """And reading it does not fail."""
    assert routing.feedback_routing(body) == {}
