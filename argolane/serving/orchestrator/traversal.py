"""A graph and a message in, an answer out: which nodes are called, when, and what becomes of failures.

The rules of the executor's predictor process, with neither HTTP nor gRPC in them: a call to a node is a
function given from outside, which returns the node's answer or raises Failed, and a `Wire` reads and writes
the few things that the walk itself has to know of a message.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from argolane.serving.graph_nodes import RANDOM_ABTEST, Node
from argolane.serving.orchestrator.messages import Failed
from argolane.serving.orchestrator.routing import ALL, STOP, child, split, told

M = TypeVar("M")
Call = Callable[[Node, str, M], Awaitable[M]]


class Wire(Protocol[M]):
    """Messages of one protocol."""

    def route(self, node: Node, answer: M) -> int:
        """What a router answered. Raises Failed."""

    def combined(self, node: Node, answers: Sequence[M]) -> M:
        """The request of a COMBINER. Raises Failed."""

    def injected(self, message: M, routing: Mapping[str, int]) -> M:
        """The message with the routing in its meta. Raises Failed."""

    def injected_failure(self, failed: Failed, routing: Mapping[str, int]) -> M:
        """What stands for the answer of an OUTPUT_TRANSFORMER that failed. Raises Failed."""


@dataclass(slots=True)
class Prediction(Generic[M]):
    """One request on its way through the graph; `routing` is what it has met so far."""

    call: Call[M]
    wire: Wire[M]
    injection: bool
    routing: dict[str, int] = field(default_factory=dict)

    async def run(self, node: Node, message: M) -> M:
        """Down through the node, its children, and up again. Raises Failed."""
        if path := node.before:
            self.routing[node.name] = ALL
            message = await self.call(node, path, message)
        if node.children:
            message = await self._children(node, message)
        if not node.after:
            return self.wire.injected(message, self.routing) if self.injection else message
        try:
            answer = await self.call(node, node.after, message)
        except Failed as failed:
            if not self.injection:
                raise
            # Injection takes the failure for an answer: HTTP 200, and the parent goes on with it.
            return self.wire.injected_failure(failed, self.routing)
        return self.wire.injected(answer, self.routing) if self.injection else answer

    async def _children(self, node: Node, message: M) -> M:
        route = await self._route(node, message)
        if route == STOP:
            self.routing[node.name] = STOP
            return message
        if route == ALL:
            answers = await every([self.run(each, message) for each in node.children])
        else:
            answers = [await self.run(child(node, route), message)]
        self.routing[node.name] = route
        if not node.aggregates:
            return answers[0]
        self.routing[node.name] = ALL
        return await self.call(node, "/aggregate", self.wire.combined(node, answers))

    async def _route(self, node: Node, message: M) -> int:
        if node.routes:
            try:
                answer = await self.call(node, "/route", message)
            except Failed as failed:
                # The router's own words are lost, its status is not.
                raise failed.without_answer() from None
            return self.wire.route(node, answer)
        return split(node) if node.implementation == RANDOM_ABTEST else ALL


async def feedback(root: Node, message: M, call: Call[M], routing: Mapping[str, int]) -> M:
    """Tell the nodes that a request went through, children first; the root's answer.

    `routing` is that of the feedback's response. Raises Failed, and Refused before anybody is told when a
    part of the way leads nowhere.
    """

    def look(node: Node) -> None:
        for each in told(node, routing) if node.children else ():
            look(each)

    look(root)

    async def tell(node: Node) -> M:
        if node.children:
            await every([tell(each) for each in told(node, routing)])
        return await call(node, "/send-feedback", message) if node.learns else message

    return await tell(root)


async def every(runs: Sequence[Coroutine[Any, Any, M]]) -> list[M]:
    """All at once; waits for the slow ones even after a failure, then raises the first in graph order."""
    if len(runs) == 1:
        return [await runs[0]]
    results = await asyncio.gather(*runs, return_exceptions=True)
    answers = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        answers.append(result)
    return answers
