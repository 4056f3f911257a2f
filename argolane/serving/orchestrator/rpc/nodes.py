"""A node, a path and a message in, the node's answer out: the gRPC calls that the traversal asks for.

Failures are told in the words of Go's gRPC, which is what clients of the real executor see.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence

import grpc

from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.messages import Failed
from argolane.serving.orchestrator.metrics import Metrics
from argolane.serving.orchestrator.rpc.messages import RpcMessage, Status, read
from argolane.serving.protos import PACKAGE

Metadata = Sequence[tuple[str, str | bytes]]

# As the executor has it: a node of several processes gets its share in each.
_CONNECTIONS = 10
_METHODS = {
    "/predict": "Model/Predict",
    "/transform-input": "Transformer/TransformInput",
    "/transform-output": "OutputTransformer/TransformOutput",
    "/route": "Router/Route",
    "/aggregate": "Combiner/Aggregate",
    "/send-feedback": "Model/SendFeedback",
    "/metadata": "Model/Metadata",
}
_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # Each channel a connection, and none by a proxy of the environment: nodes are of this machine or cluster.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
    # A node that is started again is asked at once.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)


class RpcNodes:
    """The gRPC endpoints of a graph. `await close()` them."""

    def __init__(self, endpoints: Mapping[str, str], *, timeout: float | None, metrics: Metrics) -> None:
        """`endpoints`: node name -> `host:port`; `timeout`: seconds of one call, 0 lets every call fail."""
        self._endpoints = endpoints
        self._timeout = timeout
        self._metrics = metrics
        self._channels: dict[tuple[str, int], grpc.aio.Channel] = {}
        self._calls: dict[tuple[str, int, str], grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]] = {}

    async def call(
        self,
        node: Node,
        path: str,
        message: RpcMessage,
        *,
        metadata: Metadata,
        remaining: float | None,
        kind: str = "SeldonMessage",
    ) -> RpcMessage:
        """`remaining`: seconds that the client goes on waiting. Raises Failed."""
        endpoint = self._endpoints.get(node.name)
        if endpoint is None:
            what = node.type or node.implementation or "without a type"
            raise Failed(f"Node '{node.name}' ({what}) has no endpoint: no container of that name runs.")
        limits = [limit for limit in (self._timeout, remaining) if limit is not None]
        if self._timeout is not None and self._timeout <= 0:
            raise _LATE
        method = f"/{PACKAGE}.{_METHODS[path]}"
        started, code = time.perf_counter(), grpc.StatusCode.OK
        try:
            body = await self._method(endpoint, method)(
                message.body, timeout=min(limits, default=None), metadata=tuple(metadata)
            )
        except grpc.aio.AioRpcError as error:
            code = error.code()
            raise _failed(error, endpoint) from None
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        finally:
            self._metrics.called(node.name, method, "unary", go_code(code), time.perf_counter() - started)
        return read(body, kind, refused="grpc: failed to unmarshal the received message")

    def _method(self, endpoint: str, method: str) -> "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]":
        place = (endpoint, random.randrange(_CONNECTIONS))  # noqa: S311  (which connection is no secret)
        found = self._calls.get((*place, method))
        if found is None:
            channel = self._channels.get(place)
            if channel is None:
                channel = self._channels[place] = grpc.aio.insecure_channel(_target(endpoint), _OPTIONS)
            found = self._calls[(*place, method)] = channel.unary_unary(method)
        return found

    async def close(self) -> None:
        """Let go of the connections."""
        channels = list(self._channels.values())
        self._channels.clear()
        self._calls.clear()
        for channel in channels:
            await channel.close()


_LATE = Status(grpc.StatusCode.DEADLINE_EXCEEDED, "context deadline exceeded")


def go_code(code: grpc.StatusCode) -> str:
    """`OK`, `DeadlineExceeded`: a code as Go prints it, which metrics show."""
    if code is grpc.StatusCode.CANCELLED:
        return "Canceled"
    return code.name if code is grpc.StatusCode.OK else code.name.title().replace("_", "")


def _target(endpoint: str) -> str:
    # Containers of a pod are at `localhost`, where they listen for IPv4.
    host, _, port = endpoint.rpartition(":")
    return f"ipv4:127.0.0.1:{port}" if host == "localhost" else endpoint


def _failed(error: grpc.aio.AioRpcError, endpoint: str) -> Status:
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.DEADLINE_EXCEEDED and "Deadline Exceeded" in details:
        return Status(code, "context deadline exceeded")
    if code is grpc.StatusCode.UNAVAILABLE and details.startswith("failed to connect to all addresses"):
        # The executor tries ::1 first where the host is `localhost`, and tells of that.
        at = endpoint.replace("localhost:", "[::1]:")
        why = f"Error while dialing: dial tcp {at}: connect: connection refused"
        details = f'connection error: desc = "transport: {why}"'
    return Status(code, details)
