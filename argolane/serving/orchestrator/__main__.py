"""The real executor's flags and environment in, a graph server on a port out.

`python -m argolane.serving.orchestrator --sdep NAME --namespace NS --predictor NAME [--file F]`, where the
predictor comes from the file or, as the operator gives it, from ENGINE_PREDICTOR.
"""

import argparse
import asyncio
import base64
import binascii
import contextlib
import dataclasses
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from argolane.errors import ArgolaneError, UsageError, unknown
from argolane.serving.graph import REST_TIMEOUT, ROUTING_INJECTION, Predictor, milliseconds
from argolane.serving.orchestrator.app import create_app

# Where the operator's downward API volume has the pod's annotations.
PODINFO = Path("/etc/podinfo/annotations")

log = logging.getLogger("argolane.serving.orchestrator")


def main(arguments: Sequence[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Its messages come once a request.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        flags = _parser().parse_args(arguments)
        _refuse(flags)
        return _serve(flags)
    except ArgolaneError as error:
        print(error, file=sys.stderr)  # noqa: T201  (a program's own last words)
        return error.exit_status


def _serve(flags: argparse.Namespace) -> int:
    given = read_predictor(flags.file, flags.predictor, os.environ)
    # The operator has filled in the defaults already; a graph without types passes everything through.
    predictor = Predictor.from_dict(given, defaults=False)
    if os.environ.get(ROUTING_INJECTION):
        predictor = dataclasses.replace(predictor, injection=True)
    if (timeout := _timeout_of_pod()) is not None:
        predictor = dataclasses.replace(predictor, timeout=timeout)
    for doubt in predictor.doubts():
        log.warning(doubt)
    app = create_app(
        predictor,
        {node.name: node.endpoint for node in predictor.graph.walk() if node.endpoint},
        namespace=flags.namespace,
        deployment=flags.sdep,
        images=images(given),
        metrics_path=flags.prometheus_path,
        full_health_checks=flags.full_health_checks,
    )
    config = uvicorn.Config(
        app, host=flags.bind, port=flags.http_port, log_config=None, access_log=False, timeout_keep_alive=65,
        server_header=False,
        proxy_headers=False, lifespan="on",
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


def read_predictor(file: str, name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The predictor's spec; `file` may hold it alone or a whole SeldonDeployment."""
    if file:
        # Only here: the operator gives no file, and the process is to be up soon.
        import yaml

        where = file
        try:
            found = yaml.safe_load(Path(file).read_text())
        except (OSError, yaml.YAMLError) as error:
            raise ArgolaneError(f"{file}: cannot be read: {error}") from None
    elif encoded := environment.get("ENGINE_PREDICTOR"):
        where = "ENGINE_PREDICTOR"
        try:
            found = json.loads(base64.b64decode(encoded))
        except (binascii.Error, ValueError) as error:
            raise ArgolaneError(f"ENGINE_PREDICTOR is not base64 of JSON: {error}") from None
    else:
        raise UsageError("No graph: give --file, or set ENGINE_PREDICTOR to the predictor as base64 of JSON.")
    if isinstance(found, dict) and "spec" in found:
        predictors = (found["spec"] or {}).get("predictors") or []
        found = next((p for p in predictors if p.get("name") == name), None)
        if found is None:
            raise ArgolaneError(
                unknown("predictor", name, [p.get("name", "") for p in predictors], where=f"{where}: ")
            )
    if not isinstance(found, dict):
        raise ArgolaneError(f"{where}: expected a predictor's spec, an object with name and graph.")
    return found


def images(predictor: Mapping[str, Any]) -> dict[str, str]:
    """The image of each container."""
    containers = (
        container
        for component in predictor.get("componentSpecs") or []
        for container in (component.get("spec") or {}).get("containers") or []
    )
    return {container.get("name", ""): container.get("image", "") for container in containers}


def _timeout_of_pod() -> float | None:
    """The annotation as the pod has it: the operator puts those of the SeldonDeployment there."""
    try:
        lines = PODINFO.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition("=")
        if name == REST_TIMEOUT:
            try:
                return milliseconds(json.loads(value))
            except ValueError:
                raise ArgolaneError(f"{PODINFO}: {line}; expected milliseconds, such as '5000'.") from None
    return None


def _refuse(flags: argparse.Namespace) -> None:
    for flag, allowed in (("protocol", "seldon"), ("transport", "rest"), ("server_type", "rpc")):
        if (value := getattr(flags, flag)) != allowed:
            raise UsageError(f"--{flag} is {value!r}; this graph server has only {allowed!r}.")


_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def duration(text: str) -> float:
    """Go's `1m30s` as seconds."""
    if text != "0" and not re.fullmatch(f"({_DURATION.pattern})+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; expected '15s' or '500ms', say")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))


def _truth(text: str) -> bool:
    if text.lower() in ("true", "t", "1"):
        return True
    if text.lower() in ("false", "f", "0"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="orchestrator", allow_abbrev=False)
    add = parser.add_argument
    add("--sdep", required=True, help="name of the SeldonDeployment")
    add("--namespace", required=True)
    add("--predictor", required=True, help="name of the predictor")
    add("--file", default="", help="the predictor or its SeldonDeployment as YAML or JSON")
    add("--http_port", type=int, default=8080)
    add("--bind", default="0.0.0.0", help="the address to listen at")  # noqa: S104  (a pod's port is for all)
    add("--prometheus_path", default="/metrics")
    add("--graceful_timeout", type=duration, default=15.0, help="for requests in flight after a signal")
    add("--shutdown_delay", type=duration, default=0.0, help="served on for so long after a signal")
    add("--full_health_checks", type=_truth, nargs="?", const=True, default=False)
    add("--protocol", default="seldon")
    add("--transport", default="rest")
    add("--server_type", default="rpc")
    # Taken, as the operator gives them, and without a use: no gRPC, no payload logging.
    for unused in (
        "grpc_port", "log_work_buffer_size", "log_write_timeout_ms", "logger_workers", "hostname", "config",
        "log_level",
    ):  # fmt: skip
        add(f"--{unused}", help=argparse.SUPPRESS)
    add("--debug", type=_truth, nargs="?", const=True, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
