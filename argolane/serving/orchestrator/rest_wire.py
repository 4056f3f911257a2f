"""Messages of REST in, what the walk through a graph has to know of them out: JSON, read where it must be."""

import logging
from collections.abc import Mapping, Sequence

from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.injection import inject
from argolane.serving.orchestrator.json_text import check
from argolane.serving.orchestrator.messages import JSON, Failed, Message
from argolane.serving.orchestrator.routing import read_route

log = logging.getLogger(__name__)


class RestWire:
    """See traversal.Wire."""

    def route(self, node: Node, answer: Message) -> int:
        return read_route(node, answer.body)

    def combined(self, node: Node, answers: Sequence[Message]) -> Message:
        """Its children's answers as a JSON list, each as it came."""
        for below, answer in zip(node.children, answers, strict=False):
            try:
                check(answer.body)
            except ValueError as error:
                log.warning("%s: the answer of %s is not JSON: %s", node.name, below.name, error)
                raise Failed("Data is not JSON") from None
        return Message(b"[" + b",".join(answer.body.strip() for answer in answers) + b"]", JSON)

    def injected(self, message: Message, routing: Mapping[str, int]) -> Message:
        try:
            return inject(message, routing)
        except ValueError:
            return message

    def injected_failure(self, failed: Failed, routing: Mapping[str, int]) -> Message:
        """The failure's message with the routing; the failure itself when that cannot be had."""
        try:
            return inject(failed.message, routing)
        except ValueError:
            raise failed from None
