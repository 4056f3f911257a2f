"""A graph and a message in, an answer out: which nodes are called, when, and what becomes of failures.

The rules of the executor's predictor process, with no HTTP in them: a call to a node is a function given from
outside, which returns the node's answer or raises Failed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from argolane.serving.graph_nodes import RANDOM_ABTEST, Node
from argolane.serving.orchestrator.injection import inject
from argolane.serving.orchestrator.json_text import check
from argolane.serving.orchestrator.messages import JSON, Failed, Message
from argolane.serving.orchestrator.routing import ALL, STOP, child, feedback_routing, read_route, split, told

log = logging.getLogger(__name__)

Call = Callable[[Node, str, Message], Awaitable[Message]]


@dataclass(slots=True)
class Prediction:
    """One request on its way through the graph; `routing` is what it has met so far."""

    call: Call
    injection: bool
    routing: dict[str, int] = field(default_factory=dict)

    async def run(self, node: Node, message: Message) -> Message:
        """Down through the node, its children, and up again. Raises Failed."""
        if path := node.before:
            self.routing[node.name] = ALL
            message = await self.call(node, path, message)
        if node.children:
            message = await self._children(node, message)
        if not node.after:
            return self._injected(message) if self.injection else message
        try:
            answer = await self.call(node, node.after, message)
        except Failed as failed:
            if not self.injection:
                raise
            # Injection takes the failure for an answer: HTTP 200, and the parent goes on with it.
            return inject_or(failed, self.routing)
        return self._injected(answer) if self.injection else answer

    def _injected(self, message: Message) -> Message:
        try:
            return inject(message, self.routing)
        except ValueError:
            return message

    async def _children(self, node: Node, message: Message) -> Message:
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
        return await self.call(node, "/aggregate", combined(node, answers))

    async def _route(self, node: Node, message: Message) -> int:
        if node.routes:
            try:
                answer = await self.call(node, "/route", message)
            except Failed as failed:
                # The router's own words are lost, its status is not.
                raise failed.without_answer() from None
            return read_route(node, answer.body)
        return split(node) if node.implementation == RANDOM_ABTEST else ALL


def inject_or(failed: Failed, routing: dict[str, int]) -> Message:
    """The failure's message with the routing; the failure itself when that cannot be had."""
    try:
        return inject(failed.message, routing)
    except ValueError:
        raise failed from None


async def feedback(root: Node, message: Message, call: Call) -> Message:
    """Tell the nodes that a request went through, children first; the root's answer.

    Raises Failed, and Refused before anybody is told when a part of the way leads nowhere.
    """
    routing = feedback_routing(message.body)

    def look(node: Node) -> None:
        for each in told(node, routing) if node.children else ():
            look(each)

    look(root)

    async def tell(node: Node) -> Message:
        if node.children:
            await every([tell(each) for each in told(node, routing)])
        return await call(node, "/send-feedback", message) if node.learns else message

    return await tell(root)


async def every(runs: Sequence[Coroutine[Any, Any, Message]]) -> list[Message]:
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


def combined(node: Node, answers: Sequence[Message]) -> Message:
    """The request of a COMBINER: its children's answers as a JSON list, each as it came."""
    for below, answer in zip(node.children, answers, strict=False):
        try:
            check(answer.body)
        except ValueError as error:
            log.warning("%s: the answer of %s is not JSON: %s", node.name, below.name, error)
            raise Failed("Data is not JSON") from None
    return Message(b"[" + b",".join(answer.body.strip() for answer in answers) + b"]", JSON)
