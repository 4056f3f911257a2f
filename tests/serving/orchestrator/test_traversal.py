"""Which nodes are called, and what a failure becomes: the rules with no HTTP in them."""

import asyncio
import json

import pytest

from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.messages import Failed, Message, Refused
from argolane.serving.orchestrator.rest_wire import RestWire
from argolane.serving.orchestrator.routing import feedback_routing
from argolane.serving.orchestrator.traversal import Prediction, feedback

A, B, C = (Node(name, type="MODEL") for name in "abc")
ROUTED = Node("r", type="ROUTER", children=(Node("s", type="ROUTER", children=(A, B)), C))
COMBINED = Node("c", type="COMBINER", children=(A, B))


class Calls:
    """Notes who is called; each node says what it is given, or fails with it."""

    def __init__(self, **answers: bytes | Failed) -> None:
        self.made: list[str] = []
        self._answers = answers

    async def __call__(self, node: Node, path: str, message: Message) -> Message:
        self.made.append(node.name + path)
        answer = self._answers.get(node.name, b"{}")
        if isinstance(answer, Failed):
            raise answer
        return Message(answer, "application/json")


def told(routing: dict[str, int], calls: Calls) -> Message:
    body = json.dumps({"response": {"meta": {"routing": routing}}, "reward": 1}).encode()
    return asyncio.run(feedback(ROUTED, Message(body, "application/json"), calls, feedback_routing(body)))


@pytest.mark.parametrize(
    "routing",
    [{"r": 2}, {"r": -3}, {"r": -2}, {"r": 0, "s": 2}, {"s": 5}, {"r": 2**31}, {"c": 0, "s": -(2**40)}],
)
def test_feedback_out_of_range_calls_nobody(routing: dict[str, int]) -> None:
    """However deep the child that is not there would be, and whoever stands beside it: a 400."""
    calls = Calls()
    with pytest.raises(Refused) as caught:
        told(routing, calls)
    assert (caught.value.status, calls.made) == (400, [])


def test_feedback_out_of_the_way_is_no_fault() -> None:
    """What is said of a node that the request did not come to is not looked at."""
    calls = Calls()
    told({"r": 1, "s": 7}, calls)
    assert calls.made == ["c/send-feedback", "r/send-feedback"]


@pytest.mark.parametrize(
    "answer", [b'{"data":{"ndarray":[[NaN]]}}', b"[Infinity]", b"-Infinity", b"<p>", b""]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_combiner_takes_json_alone(answer: bytes, first: bool) -> None:
    """Else nobody aggregates, and it is a 500 in the executor's words, whichever child said it."""
    calls = Calls(a=answer) if first else Calls(b=answer)
    with pytest.raises(Failed) as caught:
        asyncio.run(Prediction(calls, RestWire(), injection=False).run(COMBINED, Message(b"{}", "")))
    assert (caught.value.info, caught.value.status) == ("Data is not JSON", 500)
    assert "c/aggregate" not in calls.made


def test_nan_passes_where_nobody_combines() -> None:
    """A chain and a split hand on what they were given, as the executor does."""
    calls = Calls(a=b'{"data":{"ndarray":[[NaN]]}}')
    chain = Node("o", type="OUTPUT_TRANSFORMER", children=(A,))
    assert (
        asyncio.run(Prediction(calls, RestWire(), injection=False).run(A, Message(b"{}", ""))).body.count(
            b"NaN"
        )
        == 1
    )
    asyncio.run(Prediction(calls, RestWire(), injection=False).run(chain, Message(b"{}", "")))
    assert calls.made == ["a/predict", "a/predict", "o/transform-output"]


@pytest.mark.parametrize("methods", [(), ("TRANSFORM_OUTPUT",)])
def test_a_made_up_failure_has_no_content_type(methods: tuple[str, ...]) -> None:
    """Under injection the failure of an output transformer that is down is an answer; it says no type."""
    node = Node("o", type="" if methods else "OUTPUT_TRANSFORMER", methods=methods, children=(A,))
    calls = Calls(o=Failed("dial tcp 127.0.0.1:1: connect: connection refused"))
    answer = asyncio.run(
        Prediction(calls, RestWire(), injection=True).run(node, Message(b"{}", "application/json"))
    )
    assert answer.content_type == ""
    assert json.loads(answer.body)["status"]["code"] == 500


def test_a_failure_in_the_transformers_own_words_keeps_its_type() -> None:
    """Only what the graph server makes up itself has none."""
    said = Failed("x", answer=Message(b'{"status":{}}', "application/json"))
    node = Node("o", type="OUTPUT_TRANSFORMER", children=(A,))
    answer = asyncio.run(Prediction(Calls(o=said), RestWire(), injection=True).run(node, Message(b"{}", "")))
    assert answer.content_type == "application/json"
