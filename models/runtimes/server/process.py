"""A class's name and the wrapper's flags in, a process that serves it out: one process, one loop, two ports.

A third one is gRPC's, where it is asked for. All open when the class has loaded, so whoever can connect is
answered.
"""

import argparse
import asyncio
import importlib
import logging
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from models.runtimes.server import arguments
from models.runtimes.server.app import App
from models.runtimes.server.protocol import protocol

if TYPE_CHECKING:
    from models.runtimes.server.rpc import Rpc

BACKLOG = 2048  # gunicorn's
IDLE_SECONDS = 75  # a connection may be idle for; longer than whoever pools them keeps one


def main() -> None:
    sys.path.append(str(Path.cwd()))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    args = arguments.read(sys.argv[1:], os.environ)
    logging.getLogger().setLevel(arguments.log_level(args.log_level, os.environ))
    model = _class(args.interface_name)(**arguments.parameters(args.parameters))
    grpc = arguments.grpc_asked(args, sys.argv[1:], os.environ)
    threads = max(1 if args.single_threaded else args.threads, args.grpc_threads if grpc else 1)
    pool = ThreadPoolExecutor(threads) if threads > 1 else None
    app = App(model, metrics_port=args.metrics_port, pool=pool)
    service = getattr(model, "custom_service", None)
    if callable(service):
        import multiprocessing

        multiprocessing.Process(target=service, daemon=True).start()
    rpc = _rpc(app, model) if grpc else None
    try:
        model.load()
    except (NotImplementedError, AttributeError) as error:  # as the wrapper has it
        logging.getLogger(__name__).debug("load() is not there, or raised %r", error)
    _serve(app, rpc, args)


def _class(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module or name), attribute)


def _rpc(app: App, model: Any) -> "Rpc":
    from models.runtimes.server.rpc import Rpc

    return Rpc(model, app.stock.metrics, pool=app.pool)


class _Server(uvicorn.Server):
    """uvicorn's, with gRPC beside it from the start until the last call of either has been answered."""

    def __init__(self, config: uvicorn.Config, rpc: "Rpc | None", port: int) -> None:
        super().__init__(config)
        self._rpc, self._port = rpc, port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._rpc is not None:
            try:
                await self._rpc.open(self._port)
            except OSError as error:
                raise _taken("grpc", self._port, error) from None
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        ends = [super().shutdown(sockets)]
        if self._rpc is not None:
            ends.append(self._rpc.close())
        await asyncio.gather(*ends)


def _serve(app: App, rpc: "Rpc | None", args: argparse.Namespace) -> None:
    config = uvicorn.Config(
        app, loop="uvloop", http=protocol(app), ws="none", lifespan="off", interface="asgi3", backlog=BACKLOG,
        log_config=None, access_log=args.access_log, server_header=False, date_header=True,
        timeout_keep_alive=IDLE_SECONDS, proxy_headers=False,
    )  # fmt: skip
    server = _Server(config, rpc, args.grpc_port)
    sockets = [_listening("http", args.http_port), _listening("metrics", args.metrics_port)]
    # uvicorn ends on SIGTERM and then sends it on to whom it was before; to end was all that was asked.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=sockets))


def _listening(use: str, port: int) -> socket.socket:
    try:
        return socket.create_server(("0.0.0.0", port), backlog=BACKLOG)  # noqa: S104 - as in a pod
    except OSError as error:
        raise _taken(use, port, error) from None


def _taken(use: str, port: int, error: OSError) -> SystemExit:
    return SystemExit(
        f"Cannot listen on port {port} ({use}): {error.strerror or error}. Another one is named by "
        f"--{use}-port or PREDICTIVE_UNIT_{use.upper()}_SERVICE_PORT."
    )
