"""The graph server as a process: both ports, and what SIGTERM does to calls over gRPC."""

import asyncio
import base64
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
from rpc_nodes import Nodes
from rpc_replay import ask, served
from test_process import BY_THE_OPERATOR, free_port, start
from wire import ask as ask_rest

PREDICT = {"method": "seldon.protos.Seldon/Predict", "request": {"strData": "x"}}
SLOW = {"m": {"class": "Slow", "parameters": []}}


@contextlib.asynccontextmanager
async def process(*flags: str) -> AsyncIterator[tuple[Any, int, int]]:
    """One over a slow node; its process, REST and gRPC port."""
    nodes, http, port = Nodes(SLOW, []), free_port(), free_port()
    async with nodes.listening():
        node = int(nodes.endpoints["m"].rpartition(":")[2])
        # With transport grpc the operator says that the unit's own port is this one: /ready dials it.
        endpoint = {"service_host": "localhost", "service_port": node, "httpPort": 1, "grpcPort": node}
        graph = {"name": "main", "graph": {"name": "m", "type": "MODEL", "endpoint": endpoint}}
        given = ["--sdep", "ab", "--namespace", "demo", "--predictor", "main", "--http_port", str(http)]
        encoded = base64.b64encode(json.dumps(graph).encode()).decode()
        operators = [flag if flag != "rest" else "grpc" for flag in BY_THE_OPERATOR]
        running = start([*given, *operators, "--grpc_port", str(port), *flags], {"ENGINE_PREDICTOR": encoded})
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    if (await ask_rest(http, "GET", "/ready", {}, None)).status == 200:
                        break
                assert running.poll() is None, running.communicate()
                await asyncio.sleep(0.05)
            yield running, http, port
        finally:
            running.kill()
            running.communicate()


def test_calls_in_flight_finish_after_sigterm() -> None:
    """The port closes at once, the call is answered, exit 0."""

    async def run() -> tuple[str, str, int]:
        async with process() as (running, _, port), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await asyncio.wait_for(channel.channel_ready(), 30)
            in_flight = asyncio.create_task(ask(PREDICT, channel))
            await asyncio.sleep(0.2)
            running.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.2)
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as late:
                new = await ask(PREDICT, late)
            return (await in_flight).code, new.code, await asyncio.to_thread(running.wait, 20)

    assert asyncio.run(run()) == ("OK", "UNAVAILABLE", 0)


def test_the_deadline_of_a_client_goes_on_to_the_nodes() -> None:
    """And the client is told so by its own library."""

    async def run() -> tuple[str, list[bool]]:
        nodes = Nodes(SLOW, [])
        data = {"graph": {"name": "main", "graph": {"name": "m", "type": "MODEL"}}}
        async with (
            nodes.listening(),
            served(data, nodes.endpoints, {}) as (_, port),
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            reply = await ask({**PREDICT, "client_deadline": 0.3}, channel)
        return reply.code, [call.deadline for call in nodes.calls]

    assert asyncio.run(run()) == ("DEADLINE_EXCEEDED", [True])


def test_port_0_is_no_grpc() -> None:
    """Nothing of it is loaded then."""

    async def run() -> bool:
        async with process("--grpc_port", "0") as (running, _, _):
            await asyncio.sleep(0.5)
            return "cygrpc" in Path(f"/proc/{running.pid}/maps").read_text()

    assert asyncio.run(run()) is False
