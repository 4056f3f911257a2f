"""A port and an app in, answers to gRPC clients out: the one gRPC server of serving.

What it serves is what the executor serves: seldon.protos.Seldon and reflection (v1alpha). Everything else it
refuses in the executor's words.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import grpc
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha._async import ReflectionServicer

from argolane.serving.orchestrator.messages import Failed
from argolane.serving.orchestrator.rpc.graph import SERVICE, Asking
from argolane.serving.orchestrator.rpc.messages import Status
from argolane.serving.orchestrator.rpc.nodes import Metadata
from argolane.serving.protos import pool

_REFLECTION = "grpc.reflection.v1alpha.ServerReflection"
_METHODS = {
    SERVICE: ("Predict", "SendFeedback", "ModelMetadata", "GraphMetadata"),
    _REFLECTION: ("ServerReflectionInfo",),
}
_IDENTITY_ALONE = 1
# A message a little too large is refused by the graph, in the executor's words and not in those of grpc.
_MARGIN = 2**20
_LONG = 86400.0


class App(Protocol):
    async def answer(self, method: str, request: bytes, asking: Asking) -> bytes:
        """Raises Failed."""


class RpcListener:
    """Serves from `open()` on, until `close()`."""

    def __init__(self, app: App, *, host: str, largest: int) -> None:
        self._host = host
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", min(largest + _MARGIN, 2**31 - 1)),
                ("grpc.max_send_message_length", -1),
                ("grpc.compression_enabled_algorithms_bitset", _IDENTITY_ALONE),
                # Two on one port would share its clients.
                ("grpc.so_reuseport", 0),
            ]
        )
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(_Reflection(), self._server)
        self._server.add_generic_rpc_handlers((_Methods(app),))

    async def open(self, port: int) -> int:
        """The port; any free one where it is 0. Raises OSError."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        try:
            bound = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise OSError(str(error)) from None
        await self._server.start()
        return bound

    async def close(self, *, patience: float | None = None) -> None:
        """Take no new calls; those in flight may take `patience` seconds, or for ever."""
        await self._server.stop(_LONG if patience is None else patience)


@dataclass(frozen=True)
class _Call:
    """See Asking."""

    context: "grpc.aio.ServicerContext[Any, Any]"

    @property
    def metadata(self) -> Metadata:
        return [(key, value) for key, value in self.context.invocation_metadata() or ()]

    @property
    def remaining(self) -> float | None:
        return self.context.time_remaining()

    async def begin(self, metadata: Metadata) -> None:
        await self.context.send_initial_metadata(tuple(metadata))


class _Methods(grpc.GenericRpcHandler):
    """What is served, and for the rest a handler that says why not."""

    def __init__(self, app: App) -> None:
        self._unary: dict[str, Any] = {
            f"/{SERVICE}/{method}": grpc.unary_unary_rpc_method_handler(_unary(app, method))
            for method in _METHODS[SERVICE]
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        method = handler_call_details.method
        return self._unary.get(method) or grpc.stream_stream_rpc_method_handler(_unknown(method))


def _unary(app: App, method: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def behaviour(request: bytes, context: Any) -> bytes:
        try:
            return await app.answer(method, request, _Call(context))
        except Failed as failed:
            code = failed.grpc_code if isinstance(failed, Status) else grpc.StatusCode.UNAVAILABLE
            return await _abort(context, code, failed.info)

    return behaviour


def _unknown(path: str) -> Any:
    service, _, method = path.removeprefix("/").rpartition("/")
    known = service in _METHODS
    words = f"unknown method {method} for service {service}" if known else f"unknown service {service}"

    async def behaviour(requests: Any, context: Any) -> None:
        await _abort(context, grpc.StatusCode.UNIMPLEMENTED, words)

    return behaviour


async def _abort(context: Any, code: grpc.StatusCode, details: str) -> NoReturn:
    await context.abort(code, details)
    raise AssertionError("abort raises")


class _Reflection(ReflectionServicer):  # type: ignore[misc]  # it has no types
    """Files of the private pool; an error in Go's words."""

    def __init__(self) -> None:
        described = pool()
        file = descriptor_pb2.FileDescriptorProto()
        reflection_pb2.DESCRIPTOR.CopyToProto(file)
        described.Add(file)
        super().__init__(tuple(_METHODS), pool=described)

    async def ServerReflectionInfo(  # noqa: N802  (gRPC's name)
        self, request_iterator: Any, unused_context: Any
    ) -> AsyncIterator[Any]:
        async for answer in super().ServerReflectionInfo(request_iterator, unused_context):
            if answer.HasField("error_response"):
                answer.error_response.error_message = "proto:\u00a0not found"
            yield answer
