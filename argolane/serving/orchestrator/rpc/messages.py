"""Bytes of one node in, bytes for the next or for the client out, and what they say where that is needed.

Read once, to refuse what is no message; passed on as they came, unknown fields and all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.messages import Failed
from argolane.serving.orchestrator.routing import ALL, truncated
from argolane.serving.protos import message as of

_PARSE = "proto: cannot parse invalid wire-format data"
_TEXT = "string field contains invalid UTF-8"


class Status(Failed):
    """A call that ended with this gRPC status. A plain Failed is what the executor would have died of."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.grpc_code = code

    def without_answer(self) -> Failed:
        return Failed(f"A router failed: {self.grpc_code.name}: {self.info}")


@dataclass(frozen=True, slots=True)
class RpcMessage:
    """A message as it is on the wire, and what it says."""

    body: bytes
    said: Any


def read(body: bytes, kind: str, *, refused: str) -> RpcMessage:
    """`refused`: what a Status says first of bytes that are no message of that kind."""
    try:
        return RpcMessage(body, of(kind).FromString(body))
    except DecodeError as error:
        why = _TEXT if "UTF-8" in str(error) else _PARSE
        raise Status(grpc.StatusCode.INTERNAL, f"{refused}: {why}") from None


def written(said: Any) -> RpcMessage:
    return RpcMessage(said.SerializeToString(), said)


class RpcWire:
    """See traversal.Wire."""

    def route(self, node: Node, answer: RpcMessage) -> int:
        """The first number of the answer's data; -1 where the data are of no kind."""
        said = answer.said
        if said.WhichOneof("data_oneof") != "data":
            raise Failed(f"Router '{node.name}' answered without data; expected data.ndarray [[0]], say.")
        form = said.data.WhichOneof("data_oneof")
        if form is None:
            return ALL
        if form == "ndarray":
            values = said.data.ndarray.values
            if values and values[0].WhichOneof("kind") == "list_value":
                values = values[0].list_value.values
            # What is no number reads as 0.
            numbers = [value.number_value for value in values[:1]]
        else:
            numbers = said.data.tensor.values if form == "tensor" else said.data.tftensor.int_val
        if not numbers:
            raise Failed(f"Router '{node.name}' answered no number in its {form}; expected [[0]], say.")
        return truncated(numbers[0])

    def combined(self, node: Node, answers: Sequence[RpcMessage]) -> RpcMessage:
        return written(of("SeldonMessageList")(seldonMessages=[answer.said for answer in answers]))

    def injected(self, message: RpcMessage, routing: Mapping[str, int]) -> RpcMessage:
        if not message.said.HasField("meta"):
            raise Failed(
                "Routing is to be injected into a message that has no meta. Seldon's executor ends on it: "
                "let the model answer with a meta, or the client send one."
            )
        # Siblings have the same message.
        said = of("SeldonMessage")()
        said.CopyFrom(message.said)
        said.meta.routing.clear()
        said.meta.routing.update(routing)
        return written(said)

    def injected_failure(self, failed: Failed, routing: Mapping[str, int]) -> RpcMessage:
        code = failed.grpc_code.name if isinstance(failed, Status) else "FAILED"
        raise Failed(f"An OUTPUT_TRANSFORMER failed under routing injection: {code}: {failed.info}") from None
