"""The graph server as a process: flags, environment, SIGTERM, nodes that come and go."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from replay import Nodes, replay_one, send, served
from scenario import Scenario
from wire import Call, Node, Reply, ask

PREDICTION = {
    "method": "POST",
    "path": "/api/v1.0/predictions",
    "headers": {"Content-Type": "application/json"},
    "body": '{"data":{"ndarray":[[1,2]]}}',
}
ANSWER = b'{"strData":"served"}'
NODE_SECONDS = 0.7
BY_THE_OPERATOR = [
    "--protocol", "seldon", "--transport", "rest", "--prometheus_path", "/prometheus",
    "--server_type", "rpc", "--log_work_buffer_size", "10000", "--log_write_timeout_ms", "2000",
    "--full_health_checks=false",
]  # fmt: skip


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return unused.getsockname()[1]


def predictor(port: int) -> dict[str, Any]:
    endpoint = {"service_host": "localhost", "service_port": port, "httpPort": port, "grpcPort": 1}
    return {"name": "main", "graph": {"name": "m", "type": "MODEL", "endpoint": endpoint}}


def start(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "argolane.serving.orchestrator", *arguments]
    return subprocess.Popen(
        command, env={**os.environ, **environment}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@contextlib.asynccontextmanager
async def process(*flags: str, **environment: str) -> AsyncIterator[tuple[subprocess.Popen[str], int]]:
    """A graph server that the operator could have started, over one slow node; its process and port."""

    async def answer(call: Call) -> Reply:
        await asyncio.sleep(NODE_SECONDS)
        return Reply(200, {"Content-Type": "application/json"}, ANSWER)

    node, port = Node("m", answer), free_port()
    await node.open()
    encoded = base64.b64encode(json.dumps(predictor(node.port)).encode()).decode()
    given = ["--sdep", "ab", "--namespace", "demo", "--predictor", "main", "--http_port", str(port)]
    given += ["--grpc_port", str(free_port())]
    running = start([*given, *BY_THE_OPERATOR, *flags], {"ENGINE_PREDICTOR": encoded, **environment})
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                await ask(port, "GET", "/ready", {}, None)
                break
            assert running.poll() is None, running.communicate()
            await asyncio.sleep(0.05)
        yield running, port
    finally:
        running.kill()
        running.communicate()
        node.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is no address of the machine")
@pytest.mark.parametrize(("environment", "answered"), [({}, False), ({"KUBERNETES_SERVICE_HOST": "x"}, True)])
def test_other_addresses_are_for_pods(environment: dict[str, str], answered: bool) -> None:
    """In a pod the graph server is there for all, as the executor is; elsewhere for this machine alone."""

    async def run() -> None:
        async with process(**environment) as (_, port):
            if answered:
                socket.create_connection(("127.0.0.2", port), timeout=5).close()
            else:
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.2", port), timeout=5)

    asyncio.run(run())


async def signalled(*flags: str) -> dict[str, Any]:
    """SIGTERM with a request in flight: what became of that, of a new connection, and of the process."""
    async with process(*flags) as (running, port):
        in_flight = asyncio.create_task(send(PREDICTION, port))
        await asyncio.sleep(0.2)
        running.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.25)
        try:
            late: Any = (await send(PREDICTION, port)).status
        except ConnectionRefusedError:
            late = "refused"
        status = (await in_flight).status
        code = await asyncio.to_thread(running.wait, 20)
        return {"in flight": status, "new": late, "exit": code}


def test_requests_in_flight_finish_after_sigterm() -> None:
    """process_sigterm_in_flight: the port closes at once, the request is answered, exit 0."""
    assert asyncio.run(signalled()) == {"in flight": 200, "new": "refused", "exit": 0}


def test_requests_are_cut_when_the_grace_is_over() -> None:
    """process_sigterm_short_grace: the connection is closed without an answer, exit 1."""
    assert asyncio.run(signalled("--graceful_timeout", "100ms")) == {
        "in flight": None, "new": "refused", "exit": 1,
    }  # fmt: skip


def test_shutdown_delay_serves_on() -> None:
    """process_sigterm_delay: new connections are answered during the delay, exit 0."""
    assert asyncio.run(signalled("--shutdown_delay", "1s")) == {"in flight": 200, "new": 200, "exit": 0}


def test_node_that_comes_back_is_called_again() -> None:
    """process_node_comes_back: no memory of the failure; a kept connection to the dead node does no harm."""

    async def run() -> list[str]:
        scenario = Scenario.load("process_node_comes_back")
        nodes, found = Nodes(scenario), []
        node = Node("m", nodes.answer)
        await node.open()
        nodes.endpoints["m"] = f"127.0.0.1:{node.port}"
        async with served(scenario, nodes.endpoints) as port:
            for number, exchange in enumerate(scenario.exchanges):
                if number == 2:
                    node.close()
                if number == 4:
                    await node.open(node.port)
                found += await replay_one(exchange, nodes, port)
        node.close()
        return found

    assert asyncio.run(run()) == []


def refused(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    running = start(arguments, {"ENGINE_PREDICTOR": "", **environment})
    _, said = running.communicate(timeout=60)
    return running.returncode, said.strip()


NAMES = ["--sdep", "d", "--namespace", "n", "--predictor", "main"]


def test_bad_timeout_annotation_stops_the_start() -> None:
    """timeout_bad_value: exit 1 like the executor; the line names the annotation and what it expects."""
    scenario = Scenario.load("timeout_bad_value")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.json"
        file.write_text(json.dumps(scenario.predictor))
        code, said = refused([*NAMES, "--file", str(file)], {})
    assert code == scenario.data["executor_exit_code"]
    assert said == (
        "Predictor 'main': annotation seldon.io/rest-timeout is '1s'; expected milliseconds, a whole number "
        "such as '5000'."
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "message"),
    [
        (NAMES, {}, 2, "No graph: give --file, or set ENGINE_PREDICTOR"),
        (NAMES, {"ENGINE_PREDICTOR": "e30"}, 1, "ENGINE_PREDICTOR is not base64 of JSON"),
        ([*NAMES, "--file", "/nowhere"], {}, 1, "/nowhere: cannot be read"),
        (
            [*NAMES, "--transport", "kafka"],
            {},
            2,
            "--transport is 'kafka'; this graph server has only 'rest' and",
        ),
    ],
)
def test_bad_start_says_why(
    arguments: list[str], environment: dict[str, str], code: int, message: str
) -> None:
    """One line, no traceback."""
    ended, said = refused(arguments, environment)
    assert (ended, said[: len(message)], len(said.splitlines())) == (code, message, 1)


def test_port_that_is_taken_is_told() -> None:
    """One line that names the port and the flags."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        encoded = base64.b64encode(json.dumps(predictor(1)).encode()).decode()
        ended, said = refused([*NAMES, "--http_port", str(port)], {"ENGINE_PREDICTOR": encoded})
    assert ended == 1
    assert said == (
        f"Cannot listen on port {port} of 127.0.0.1: Address already in use. Choose others with --http_port "
        "and --bind."
    )


def test_idle_process_stays_small_and_still() -> None:
    """A graph server without requests takes less than 5 % of a core and 80 MB."""

    async def run() -> tuple[float, float]:
        async with process() as (running, _):
            await asyncio.sleep(2)  # until gRPC is there, too
            stat = Path(f"/proc/{running.pid}/stat")
            ticks = [sum(map(int, stat.read_text().rsplit(")")[1].split()[11:13]))]
            begun = time.monotonic()
            await asyncio.sleep(1)
            ticks.append(sum(map(int, stat.read_text().rsplit(")")[1].split()[11:13])))
            busy = (ticks[1] - ticks[0]) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - begun)
            pages = int(Path(f"/proc/{running.pid}/statm").read_text().split()[1])
            return busy, pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    busy, megabytes = asyncio.run(run())
    assert busy < 0.05
    assert megabytes < 80
