"""A client's call in, the graph's answer out: the four methods of seldon.protos.Seldon.

`listener` brings the calls, `traversal` walks the graph for them, and `nodes` calls the units.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Protocol

import grpc

from argolane.serving.graph import Graph
from argolane.serving.graph_nodes import Node
from argolane.serving.orchestrator.messages import Failed
from argolane.serving.orchestrator.metadata import edges
from argolane.serving.orchestrator.metrics import Metrics
from argolane.serving.orchestrator.rpc.messages import RpcMessage, RpcWire, Status, read, written
from argolane.serving.orchestrator.rpc.nodes import Metadata, RpcNodes, go_code
from argolane.serving.orchestrator.traversal import Prediction, feedback
from argolane.serving.protos import PACKAGE
from argolane.serving.protos import message as of

SERVICE = f"{PACKAGE}.Seldon"
_PUID = "seldon-puid"
# Of one connection, or gRPC's own.
_OWN_METADATA = ("user-agent", "content-type", "te", "accept-encoding")
_UNREADABLE = "grpc: error unmarshalling request"
_WIRE = RpcWire()
_NO_ROOT = "grpc: error while marshaling: proto: Marshal called with nil"


class Asking(Protocol):
    """A call of a client."""

    @property
    def metadata(self) -> Metadata: ...
    @property
    def remaining(self) -> float | None:
        """Seconds that the client goes on waiting, None for ever."""

    async def begin(self, metadata: Metadata) -> None:
        """Send the metadata that come before the answer."""


class RpcGraph:
    """Calls of clients in, answers out; one for a graph. `await close()` it."""

    def __init__(self, graph: Graph, endpoints: Mapping[str, str], *, metrics: Metrics, largest: int) -> None:
        """`endpoints`: node name -> `host:port`; `largest`: bytes of a message where no annotation says."""
        self._graph = graph
        self.largest = largest if graph.largest_message is None else graph.largest_message
        self._metrics = metrics
        self._nodes = RpcNodes(endpoints, timeout=graph.grpc_timeout, metrics=metrics)
        self._methods: dict[str, Callable[[bytes, Asking], Awaitable[RpcMessage]]] = {
            "Predict": self._predict,
            "SendFeedback": self._feedback,
            "ModelMetadata": self._model_metadata,
            "GraphMetadata": self._graph_metadata,
        }

    async def close(self) -> None:
        """Let go of the connections to the nodes."""
        await self._nodes.close()

    async def answer(self, method: str, request: bytes, asking: Asking) -> bytes:
        """Raises Failed, which is a Status where the executor would have answered one."""
        started, code = time.perf_counter(), grpc.StatusCode.OK
        try:
            self._fits(request, "received")
            answer = (await self._methods[method](request, asking)).body
            self._fits(answer, "trying to send")
            return answer
        except Failed as failed:
            code = failed.grpc_code if isinstance(failed, Status) else grpc.StatusCode.UNAVAILABLE
            raise
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        finally:
            self._metrics.answered(
                f"/{SERVICE}/{method}", "unary", go_code(code), time.perf_counter() - started
            )

    def _fits(self, body: bytes, doing: str) -> None:
        if len(body) > self.largest:
            words = "received message" if doing == "received" else "trying to send message"
            raise Status(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"grpc: {words} larger than max ({len(body)} vs. {self.largest})",
            )

    async def _predict(self, request: bytes, asking: Asking) -> RpcMessage:
        message = read(request, "SeldonMessage", refused=_UNREADABLE)
        call = partial(self._nodes.call, metadata=await _known(asking), remaining=asking.remaining)
        return await Prediction(call, _WIRE, self._graph.injection).run(self._graph.root, message)

    async def _feedback(self, request: bytes, asking: Asking) -> RpcMessage:
        message = read(request, "Feedback", refused=_UNREADABLE)
        call = partial(self._nodes.call, metadata=await _known(asking), remaining=asking.remaining)
        routing = dict(message.said.response.meta.routing)
        answer = await feedback(self._graph.root, message, call, routing)
        if not self._graph.root.learns:
            raise Status(grpc.StatusCode.INTERNAL, _NO_ROOT)
        return answer

    async def _model_metadata(self, request: bytes, asking: Asking) -> RpcMessage:
        name = read(request, "SeldonModelMetadataRequest", refused=_UNREADABLE).said.name
        node = self._graph.root.find(name)
        if node is None:
            raise Status(grpc.StatusCode.UNKNOWN, f"Failed to find model {name}")
        return await self._describe(node, _with_id(asking.metadata)[0], asking.remaining)

    async def _graph_metadata(self, request: bytes, asking: Asking) -> RpcMessage:
        root, metadata = self._graph.root, _with_id(asking.metadata)[0]
        found = {
            node.name: (await self._describe(node, metadata, asking.remaining)).said for node in root.walk()
        }
        first, last = edges(root)
        return written(
            of("SeldonGraphMetadata")(
                name=self._graph.predictor,
                models=found,
                inputs=found[first.name].inputs if first else (),
                outputs=found[last.name].outputs if last else (),
            )
        )

    async def _describe(self, node: Node, metadata: Metadata, remaining: float | None) -> RpcMessage:
        return await self._nodes.call(
            node,
            "/metadata",
            RpcMessage(b"", None),
            metadata=metadata,
            remaining=remaining,
            kind="SeldonModelMetadata",
        )


async def _known(asking: Asking) -> Metadata:
    """What goes to every node; the client is told the request's id."""
    metadata, puid = _with_id(asking.metadata)
    await asking.begin([(_PUID, puid)])
    return metadata


def _with_id(given: Metadata) -> tuple[Metadata, Any]:
    metadata = [
        (key, value) for key, value in given if key not in _OWN_METADATA and not key.startswith("grpc-")
    ]
    puids = [value for key, value in metadata if key == _PUID]
    if not puids:
        puids = [str(uuid.uuid4())]
        metadata.append((_PUID, puids[0]))
    return metadata, puids[0]
