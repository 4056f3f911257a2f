"""A gRPC call in, the wrapper's answer out: the services of seldon.protos beside REST, in the same process.

A call is the wrapper's own method (SeldonModelGRPC), around the one model that REST asks, too; `rpc_methods`
answers tables of numbers, which most calls are, in less time. Imported only where gRPC is asked for, as the
wrapper comes along, which is most of what a start takes.
"""

import asyncio
import logging
import socket
from concurrent.futures import Executor
from functools import partial
from typing import Any, NoReturn

import grpc
from grpc_reflection.v1alpha import reflection
from seldon_core.flask_utils import ANNOTATION_GRPC_MAX_MSG_SIZE
from seldon_core.microservice import load_annotations
from seldon_core.proto import prediction_pb2, prediction_pb2_grpc
from seldon_core.wrapper import SeldonModelGRPC

from models.runtimes.server.messages import Unread
from models.runtimes.server.rpc_methods import RpcMethods

PATIENCE = 20.0  # seconds that calls under way are waited for: a stream of reflection may have no end
_SERVICES = prediction_pb2.DESCRIPTOR.services_by_name

log = logging.getLogger(__name__)


class Refused(Exception):
    """A call that ends with this status."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code, self.details = code, details


class Rpc:
    """One model. Made before it is loaded: the wrapper asks for `init_metadata` then."""

    def __init__(self, model: Any, metrics: Any, *, pool: Executor | None) -> None:
        """Raises SystemExit where the pod's annotations say no size of a message."""
        self._methods = _Methods(SeldonModelGRPC(model, metrics), RpcMethods(model, metrics), pool)
        self._options = [("grpc.so_reuseport", 0), *_largest(load_annotations())]
        self._server: grpc.aio.Server | None = None

    async def open(self, port: int) -> None:
        """Answer calls. Raises OSError where somebody else listens at the port."""
        server = grpc.aio.server(handlers=(self._methods,), options=self._options)
        names = [*(service.full_name for service in _SERVICES.values()), reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names, server)
        try:
            server.add_insecure_port(f"0.0.0.0:{port}")
        except RuntimeError as error:
            # gRPC keeps the reason to itself; a socket of Python's meets the same one, and says it.
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind(("0.0.0.0", port))  # noqa: S104 - as in a pod
            raise OSError(str(error)) from None
        await server.start()
        self._server = server

    async def close(self) -> None:
        """Take no more calls; those under way are answered, if that is within PATIENCE."""
        if self._server is not None:
            await self._server.stop(PATIENCE)


class _Methods(grpc.GenericRpcHandler):
    """The wrapper's handlers of all its services, found by its own registration."""

    def __init__(self, servicer: Any, own: RpcMethods, pool: Executor | None) -> None:
        self._own, self._pool = own, pool
        self._found: list[grpc.GenericRpcHandler] = []
        self._known: dict[str, Any] = {}
        for name in _SERVICES:
            getattr(prediction_pb2_grpc, f"add_{name}Servicer_to_server")(servicer, self)

    def add_generic_rpc_handlers(self, handlers: tuple[grpc.GenericRpcHandler, ...]) -> None:
        """By the wrapper's registration: what a server is called with."""
        self._found += handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        path = handler_call_details.method
        if path not in self._known:
            handlers: list[Any] = [each.service(handler_call_details) for each in self._found]
            handler = next(filter(None, handlers), None)
            if handler is None:
                return None
            behaviour = self._behaviour(handler, path)
            # As of a stream: gRPC leaves a call that has no message at all without an answer otherwise.
            self._known[path] = grpc.stream_unary_rpc_method_handler(behaviour)
        return self._known[path]

    def _behaviour(self, handler: Any, path: str) -> Any:
        answer = partial(self._answer, handler, self._own.roles.get(path.rpartition("/")[2]))
        alone = f'"{path.encode()!r}" requires exactly one request message.'

        async def behaviour(_: Any, context: Any) -> bytes:
            body = await context.read()
            try:
                if body is grpc.aio.EOF:
                    raise Refused(grpc.StatusCode.UNIMPLEMENTED, alone)
                if self._pool is None:
                    return answer(body)
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._pool, answer, body)
            except Refused as refused:
                return await _abort(context, refused)

        return behaviour

    def _answer(self, handler: Any, role: str | None, body: bytes) -> bytes:
        if role is not None:
            try:
                return self._own.answer(role, body)
            except Unread:
                pass
            except Exception as error:
                raise _failed(error) from None
        return called(handler, body)


def called(handler: Any, body: bytes) -> bytes:
    """What the wrapper answers. Raises Refused, in the words of the server that it uses, which is another."""
    try:
        request = handler.request_deserializer(body)
    except Exception:
        log.exception("Exception deserializing request!")
        raise Refused(grpc.StatusCode.INTERNAL, "Exception deserializing request!") from None
    try:
        found = handler.unary_unary(request, None)
    except Exception as error:
        raise _failed(error) from None
    try:
        return bytes(handler.response_serializer(found))
    except Exception:
        log.exception("Exception serializing message!")
        raise Refused(grpc.StatusCode.INTERNAL, "Failed to serialize response!") from None


def _failed(error: Exception) -> Refused:
    details = _told(error)
    log.error(details, exc_info=error)
    return Refused(grpc.StatusCode.UNKNOWN, details)


def _told(error: Exception) -> str:
    try:
        return f"Exception calling application: {error}"
    except Exception:
        return "Calling application raised unprintable Exception!"


async def _abort(context: Any, refused: Refused) -> NoReturn:
    await context.abort(refused.code, refused.details)
    raise AssertionError("abort raises")


def _largest(annotations: dict[str, str]) -> list[tuple[str, int]]:
    """The options of a server by the pod's annotation; none where it says nothing: gRPC takes 4 MiB then."""
    given = annotations.get(ANNOTATION_GRPC_MAX_MSG_SIZE)
    if given is None:
        return []
    try:
        size = int(given)
    except ValueError:
        raise SystemExit(
            f"The annotation {ANNOTATION_GRPC_MAX_MSG_SIZE} is {given!r}; expected a number of bytes."
        ) from None
    return [("grpc.max_send_message_length", size), ("grpc.max_receive_message_length", size)]
