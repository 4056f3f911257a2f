"""Where the executor dies or miscounts, and ours is meant not to: the scenarios of deviations.BETTER."""

import asyncio
import json
import re
from typing import Any

from replay import Nodes, served
from scenario import Scenario
from wire import Reply, ask

REQUEST = b'{"data":{"ndarray":[[1,2]]},"meta":{}}'


async def many(name: str, requests: int, at_once: int) -> tuple[list[Reply], str]:
    """Answers to so many predictions, and the metrics after them."""
    nodes = Nodes(Scenario.load(name))
    json_type = {"Content-Type": "application/json"}
    async with nodes.listening(), served(nodes.scenario, nodes.endpoints) as port:
        replies = []
        for _ in range(requests // at_once):
            asked = (ask(port, "POST", "/api/v1.0/predictions", json_type, REQUEST) for _ in range(at_once))
            replies += await asyncio.gather(*asked)
        metrics = await ask(port, "GET", "/prometheus", {}, None)
    return replies, metrics.body.decode()


def routings(replies: list[Reply]) -> list[Any]:
    assert {reply.status for reply in replies} == {200}
    return [json.loads(reply.body)["meta"]["routing"] for reply in replies]


def test_injection_below_parallel_siblings_never_fails() -> None:
    """Eight siblings under a COMBINER, requests at once: each answer has the routing of all of them."""
    replies, _ = asyncio.run(many("injection_race", 96, 8))
    assert routings(replies) == [{"c": -1, **{f"k{n}": -1 for n in range(8)}}] * 96


def test_injection_over_pass_through_branches_never_fails() -> None:
    """Eight branches of nodes without a type, which killed the executor within 106 requests."""
    replies, _ = asyncio.run(many("injection_race_pass_through", 160, 8))
    assert routings(replies) == [{"top": -1, **{f"k{n}": -1 for n in range(8)}}] * 160


def test_calls_of_parallel_siblings_are_counted_where_they_were_made() -> None:
    """300 requests are 300 calls of each sibling in the metrics."""
    _, metrics = asyncio.run(many("metrics_parallel_siblings", 300, 10))
    counted = re.findall(
        r'^seldon_api_executor_client_requests_seconds_count\{.*model_name="(\w+)".*service="(.*?)"\} (\d+)$',
        metrics,
        re.MULTILINE,
    )
    expected = [("a", "/predict"), ("b", "/predict"), ("c", "/aggregate"), ("d", "/predict")]
    assert sorted(counted) == [(*key, "300") for key in expected]
