"""The real executor's flags and environment in, a graph server on a port out.

`python -m argolane.serving.orchestrator --sdep NAME --namespace NS --predictor NAME [--file F]`, where the
predictor comes from the file or, as the operator gives it, from ENGINE_PREDICTOR.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence

import uvicorn

from argolane.errors import ArgolaneError
from argolane.serving.check import nodes
from argolane.serving.orchestrator import settings
from argolane.serving.orchestrator.app import create_app

log = logging.getLogger("argolane.serving.orchestrator")


def main(arguments: Sequence[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Its messages come once a request.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        flags = settings.parse(arguments)
        return _serve(flags)
    except ArgolaneError as error:
        print(error, file=sys.stderr)  # noqa: T201  (a program's own last words)
        return error.exit_status


def _serve(flags: argparse.Namespace) -> int:
    predictor, images = settings.predictor(flags, os.environ)
    for finding in nodes.of_graph(predictor.graph, images):
        if finding.level == "warning":
            log.warning("%s", finding)
    app = create_app(
        predictor,
        {node.name: node.endpoint for node in predictor.graph.walk() if node.endpoint},
        namespace=flags.namespace,
        deployment=flags.sdep,
        images=images,
        metrics_path=flags.prometheus_path,
        full_health_checks=flags.full_health_checks,
    )
    config = uvicorn.Config(
        app, host=flags.bind, port=flags.http_port, log_config=None, access_log=False, timeout_keep_alive=65,
        server_header=False, proxy_headers=False, lifespan="on",
    )  # fmt: skip
    # uvloop and httptools, where they are installed.
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        return runner.run(_until_stopped(_Server(config), flags))


class _Server(uvicorn.Server):
    """uvicorn whose signals are ours: it goes on serving until told to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_stopped(server: _Server, flags: argparse.Namespace) -> int:
    """0 when all requests in flight came to an end after the signal, 1 when they had to be cut."""
    signalled = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled.set)
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(signalled.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        waiting.cancel()
        await serving
        return 1
    log.info("shutdown signal received")
    await asyncio.sleep(flags.shutdown_delay)
    server.should_exit = True
    done, _ = await asyncio.wait({serving}, timeout=flags.graceful_timeout)
    if done:
        log.info("http server shutdown")
        return 0
    log.error("graceful_timeout exceeded, exiting immediately")
    # Nothing may wait for the requests any more, not even the event loop's own end.
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
