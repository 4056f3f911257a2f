"""A recorded exchange in, nodes that give its answers and note what they are asked out."""

import asyncio
import base64
import contextlib
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import json_format

from argolane.serving.protos import message, pool

KINDS = {
    "Aggregate": "SeldonMessageList",
    "SendFeedback": "Feedback",
    "ModelMetadata": "SeldonModelMetadataRequest",
}
# The recorded one sleeps for 1.2 s; a shorter time proves the same.
LONGEST_DELAY = 0.6


def written(value: dict[str, Any], kind: str) -> bytes:
    """protobuf-JSON as bytes; {"large": {"bytes": n}} and {"generate": ...} are of that size."""
    if "large" in value:
        size, text = value["large"]["bytes"], message(kind)(strData="x")
        text.strData = "x" * (size - (len(str(size)) and _overhead(size)))
        return text.SerializeToString()
    if "generate" in value:
        form = value["generate"]
        if form["form"] == "strData":
            return message(kind)(strData="x" * form["length"]).SerializeToString()
        shape, cells = [form["rows"], form["cols"]], form["rows"] * form["cols"]
        tensor = {"shape": shape, "values": [form["value"]] * cells}
        return message(kind)(data={"tensor": tensor}).SerializeToString()
    said = message(kind)()
    json_format.ParseDict(value, said, descriptor_pool=pool())
    return said.SerializeToString()


def _overhead(size: int) -> int:
    """Of a field's tag and length."""
    length = 1
    while size - 1 - length >= 128**length:
        length += 1
    return 1 + length


def plain(body: bytes, kind: str) -> dict[str, Any]:
    said = message(kind).FromString(body)
    return json_format.MessageToDict(said, descriptor_pool=pool())


def metadata_of(pairs: list[list[Any]]) -> list[tuple[str, str | bytes]]:
    """As recorded: binary values are base64."""
    return [
        (key, value if isinstance(value, str) else base64.b64decode(value["base64"])) for key, value in pairs
    ]


@dataclass(frozen=True)
class Call:
    node: str
    method: str
    metadata: list[tuple[str, str | bytes]]
    deadline: bool
    body: bytes


class Nodes:
    """All nodes of a scenario; `expect` the calls of an exchange, `calls` are those that came."""

    def __init__(self, models: dict[str, Any], down: list[str]) -> None:
        self._models, self._down = models, down
        self.calls: list[Call] = []
        self.endpoints: dict[str, str] = {}
        self._answers: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.compute = False

    def expect(self, calls: list[dict[str, Any]]) -> None:
        self.calls.clear()
        self._answers.clear()
        for call in calls:
            self._answers[call["node"], call["method"]].append(call["response"])

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        servers = []
        for name in self._models:
            server = grpc.aio.server(
                options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
            )
            server.add_generic_rpc_handlers((_Node(name, self),))
            self.endpoints[name] = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
            await server.start()
            servers.append(server)
        for name in self._down:
            with socket.create_server(("127.0.0.1", 0)) as unused:
                self.endpoints[name] = f"127.0.0.1:{unused.getsockname()[1]}"
        try:
            yield
        finally:
            for server in servers:
                await server.stop(None)

    async def answer(self, node: str, method: str, body: bytes, context: Any) -> bytes:
        metadata = [(k, v) for k, v in context.invocation_metadata() if k != "user-agent"]
        self.calls.append(Call(node, method, metadata, context.time_remaining() is not None, body))
        model = self._models[node]
        if self.compute:
            factor = next((float(p["value"]) for p in model.get("parameters", ())), 2.0)
            said = message("SeldonMessage").FromString(body)
            for number, value in enumerate(said.data.tensor.values):
                said.data.tensor.values[number] = value * factor
            return said.SerializeToString()
        if model.get("class") == "Slow" and method.endswith("/Predict"):
            await asyncio.sleep(LONGEST_DELAY)
        answers = self._answers[node, method]
        response = answers.pop(0) if answers else {"message": {"data": {"ndarray": [[1]]}, "meta": {}}}
        if "initial_metadata" in response:
            await context.send_initial_metadata(metadata_of(response["initial_metadata"]))
        if "code" in response:
            context.set_trailing_metadata(tuple(metadata_of(response.get("trailing_metadata", []))))
            await context.abort(grpc.StatusCode[response["code"]], response["details"])
        kind = "SeldonModelMetadata" if method.endswith("/Metadata") else "SeldonMessage"
        return written(response["message"], kind)


class _Node(grpc.GenericRpcHandler):
    def __init__(self, name: str, nodes: Nodes) -> None:
        self._name, self._nodes = name, nodes

    def service(self, details: Any) -> Any:
        async def behaviour(request: bytes, context: Any) -> bytes:
            return await self._nodes.answer(self._name, details.method.removeprefix("/"), request, context)

        return grpc.unary_unary_rpc_method_handler(behaviour)
