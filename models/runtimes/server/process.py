"""A class's name and the wrapper's flags in, a process that serves it out: one process, one loop, two ports.

Both ports open when the class has loaded, so whoever can connect is answered.
"""

import asyncio
import importlib
import logging
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn

from models.runtimes.server import arguments
from models.runtimes.server.app import App
from models.runtimes.server.protocol import protocol

BACKLOG = 2048  # gunicorn's
IDLE_SECONDS = 75  # a connection may be idle for; longer than whoever pools them keeps one


def main() -> None:
    sys.path.append(str(Path.cwd()))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    args = arguments.read(sys.argv[1:], os.environ)
    logging.getLogger().setLevel(arguments.log_level(args.log_level, os.environ))
    model = _class(args.interface_name)(**arguments.parameters(args.parameters))
    threads = 1 if args.single_threaded else args.threads
    pool = ThreadPoolExecutor(threads) if threads > 1 else None
    app = App(model, metrics_port=args.metrics_port, pool=pool)
    service = getattr(model, "custom_service", None)
    if callable(service):
        import multiprocessing

        multiprocessing.Process(target=service, daemon=True).start()
    try:
        model.load()
    except (NotImplementedError, AttributeError) as error:  # as the wrapper has it
        logging.getLogger(__name__).debug("load() is not there, or raised %r", error)
    _serve(app, [args.http_port, args.metrics_port], log=args.access_log)


def _class(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module or name), attribute)


def _serve(app: App, ports: list[int], *, log: bool) -> None:
    config = uvicorn.Config(
        app, loop="uvloop", http=protocol(app), ws="none", lifespan="off", interface="asgi3", backlog=BACKLOG,
        log_config=None, access_log=log, server_header=False, date_header=True,
        timeout_keep_alive=IDLE_SECONDS, proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    sockets = [socket.create_server(("0.0.0.0", port), backlog=BACKLOG) for port in ports]  # noqa: S104 - as in a pod
    # uvicorn ends on SIGTERM and then sends it on to whom it was before; to end was all that was asked.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=sockets))
