"""Recorded scenarios once more, with Seldon's own microservice processes as nodes, as in the recording.

Replayed nodes say what they are told; these read what our graph server really sends them. The environment is
that of the runtime images, so this is the wrapper as it is served.
"""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from node_processes import end, launched, programs
from replay import compare_answer, send, served
from scenario import RECORDED, Scenario
from test_process import free_port
from wire import ask

pytestmark = pytest.mark.environments

SCENARIOS = ["single_payloads", "single_meta", "abtest_nested", "feedback_round_trip"]


@pytest.fixture(scope="session")
def wrapper() -> Path:
    """`seldon-core-microservice` of the runtime images."""
    return programs() / "seldon-core-microservice"


def start(
    wrapper: Path, name: str, model: dict[str, Any], port: int, folder: Path
) -> subprocess.Popen[bytes]:
    command = [str(wrapper), f"models.{model['class']}", "--service-type", "MODEL"]
    environment = {
        "PATH": f"{wrapper.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(RECORDED),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PREDICTIVE_UNIT_ID": name,
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(port),
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(free_port()),
        "PREDICTIVE_UNIT_PARAMETERS": json.dumps(model["parameters"]),
        "GUNICORN_WORKERS": "1",
        "GRPC_WORKERS": "0",
        "FEEDBACK_LOG": str(folder / name),
        **model.get("env", {}),
    }
    return launched(command, environment, name, folder)


@contextlib.asynccontextmanager
async def nodes(scenario: Scenario, wrapper: Path, folder: Path) -> AsyncIterator[dict[str, str]]:
    """Endpoints of the scenario's nodes; all processes started at once, all ended."""
    ports = {name: free_port() for name in scenario.nodes}
    running = {
        name: start(wrapper, name, scenario.data["models"][name], port, folder)
        for name, port in ports.items()
    }
    try:
        await asyncio.gather(
            *(_until_up(running[name], port, folder / f"{name}.log") for name, port in ports.items())
        )
        yield {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        end(running.values())


async def _until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(1200):
        with contextlib.suppress(OSError):
            if (await ask(port, "GET", "/health/ping", {}, None)).status == 200:
                return
        assert process.poll() is None, log.read_text()[-2000:]
        await asyncio.sleep(0.05)
    pytest.fail(f"{log.name}: not up in 60 s")


def feedback_seen(folder: Path, names: list[str]) -> list[str]:
    """What the nodes' own code was told, one text for each; cleared for the next exchange."""
    lines = []
    for name in names:
        log = folder / name
        if log.exists():
            lines += log.read_text().splitlines()
            log.unlink()
    return sorted(json.dumps(json.loads(line), sort_keys=True) for line in lines)


@pytest.mark.parametrize("name", SCENARIOS)
def test_answered_as_by_the_executor(name: str, wrapper: Path, tmp_path: Path) -> None:
    """Each answer is the recorded one, and the nodes' send_feedback got the recorded arguments."""

    async def run() -> list[str]:
        scenario, found = Scenario.load(name), []
        async with nodes(scenario, wrapper, tmp_path) as endpoints, served(scenario, endpoints) as port:
            for number, exchange in enumerate(scenario.exchanges):
                reply = await send(exchange["request"], port)
                found += [f"exchange {number}: {d}" for d in compare_answer(exchange, reply, endpoints, "")]
                recorded = exchange.get("feedback_seen_by_user_code", [])
                expected = sorted(json.dumps(line, sort_keys=True) for line in recorded)
                if (seen := feedback_seen(tmp_path, scenario.nodes)) != expected:
                    found.append(f"exchange {number}: feedback {seen}, recorded {expected}")
        return found

    assert asyncio.run(run()) == []
