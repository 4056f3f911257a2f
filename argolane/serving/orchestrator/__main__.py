"""The real executor's flags and environment in, a graph server on a port out.

`python -m argolane.serving.orchestrator --sdep NAME --namespace NS --predictor NAME [--file F]`, where the
predictor comes from the file or, as the operator gives it, from ENGINE_PREDICTOR.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import uvloop

from argolane.errors import ArgolaneError
from argolane.serving import ports
from argolane.serving.check import nodes
from argolane.serving.graph import Graph
from argolane.serving.orchestrator import settings
from argolane.serving.orchestrator.listener import Listener
from argolane.serving.orchestrator.rpc_port import RpcPort
from argolane.serving.orchestrator.server import GraphServer

if TYPE_CHECKING:
    from argolane.serving.orchestrator.rpc.graph import RpcGraph

log = logging.getLogger("argolane.serving.orchestrator")


def main(arguments: Sequence[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Its messages come once a request.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        flags = settings.parse(arguments)
        return uvloop.run(_serve(flags))
    except ArgolaneError as error:
        print(error, file=sys.stderr)  # noqa: T201  (a program's own last words)
        return error.exit_status


async def _serve(flags: argparse.Namespace) -> int:
    """REST and gRPC side by side. 0 when all requests in flight came to an end after the signal, 1 when they
    had to be cut."""
    graph, images = settings.graph(flags, os.environ)
    for finding in nodes.of_graph(graph.root, images):
        if finding.level == "warning":
            log.warning("%s", finding)
    app = GraphServer(
        graph,
        {node.name: node.endpoint for node in graph.root.walk() if node.endpoint},
        namespace=flags.namespace,
        deployment=flags.sdep,
        images=images,
        metrics_path=flags.prometheus_path,
        full_health_checks=flags.full_health_checks,
        largest_request=flags.largest_request,
        dialled={node.name: node.dialled for node in graph.root.walk() if node.dialled},
    )
    signalled, changed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        signalled.set()
        changed.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    listener = Listener(app, _listening(flags))
    await listener.open()
    # After REST, which need not wait for it.
    beside = RpcPort(
        lambda: _rpc_graph(graph, app, flags), changed=changed.set, wanted=flags.grpc_port, host=flags.bind
    )
    if flags.grpc_port:
        beside.want(max(flags.largest_request, graph.largest_message or 0))
    while not signalled.is_set():
        await changed.wait()
        changed.clear()
        if beside.trouble:
            raise ArgolaneError(f"{beside.trouble} Choose others with --grpc_port and --bind.")
    log.info("shutdown signal received")
    await asyncio.sleep(flags.shutdown_delay)
    closing = asyncio.gather(listener.close(), beside.close())
    done, _ = await asyncio.wait({closing}, timeout=flags.graceful_timeout)
    if not done:
        log.error("graceful_timeout exceeded, exiting immediately")
        # Nothing may wait for the requests any more, not even the event loop's own end.
        os._exit(1)
    app.close()
    log.info("http server shutdown")
    return 0


def _rpc_graph(graph: Graph, app: GraphServer, flags: argparse.Namespace) -> "RpcGraph":
    from argolane.serving.orchestrator.rpc.graph import RpcGraph

    endpoints = {node.name: node.grpc_endpoint for node in graph.root.walk() if node.grpc_endpoint}
    return RpcGraph(graph, endpoints, metrics=app.measured, largest=flags.largest_request)


def _listening(flags: argparse.Namespace) -> socket.socket:
    try:
        return ports.listen(flags.http_port, host=flags.bind)
    except OSError as error:
        raise ArgolaneError(
            f"Cannot listen on port {flags.http_port} of {flags.bind}: {error.strerror or error}. "
            "Choose others with --http_port and --bind."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
