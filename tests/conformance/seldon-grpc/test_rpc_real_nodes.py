"""Recorded scenarios once more, with processes of our fast server as nodes, where the wrapper's were.

Replayed nodes say what they are told; these read what our graph server really sends them, and what they
answer is what the wrapper's answered the executor. All of it is gRPC.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from node_processes import ROOT, end, launched, programs
from rpc_replay import ask, compare_answer, scenario, served
from scenario import RECORDED
from test_process import free_port

pytestmark = pytest.mark.environments

LOOPBACK = ROOT / "argolane" / "serving" / "inside"
SCENARIOS = ["combiner_meta", "feedback_router"]
MORE = ["abtest_injected", "feedback_single", "metadata_headers", "model_chain", "model_metadata", "router",
        "router_fails", "router_injected", "sandwich", "single_answers", "single_data", "single_meta",
        "single_payloads"]  # fmt: skip


@pytest.fixture(scope="session")
def python() -> Path:
    """That of the runtime images."""
    return programs() / "python"


def start(python: Path, name: str, model: dict[str, Any], port: int, folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{LOOPBACK}:{ROOT}:{folder}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MODEL_SERVER": "fast",
        "GRPC_WORKERS": "1",
        "PREDICTIVE_UNIT_ID": name,
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(free_port()),
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(free_port()),
        "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": str(port),
        "PREDICTIVE_UNIT_PARAMETERS": json.dumps(model["parameters"]),
        "FEEDBACK_LOG": str(folder / name),
        **({"PREDICTIVE_UNIT_IMAGE": model["image"]} if "image" in model else {}),
        **model.get("env", {}),
    }
    command = [str(python), "-m", "models.runtimes.server", f"recorded_models.{model['class']}"]
    return launched(command, environment, name, folder)


@contextlib.asynccontextmanager
async def nodes(data: dict[str, Any], python: Path, folder: Path) -> AsyncIterator[dict[str, str]]:
    """Endpoints of the scenario's nodes; all processes started at once, all ended."""
    # There is a package of the same name beside the server.
    shutil.copy(RECORDED / "models.py", folder / "recorded_models.py")
    ports = {name: free_port() for name in data["models"]}
    running = {name: start(python, name, data["models"][name], port, folder) for name, port in ports.items()}
    try:
        for name, port in ports.items():
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                try:
                    await asyncio.wait_for(channel.channel_ready(), 60)
                except TimeoutError:
                    pytest.fail((folder / f"{name}.log").read_text()[-2000:])
        yield {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        end(running.values())


@pytest.mark.parametrize(
    "name", [*SCENARIOS, *(pytest.param(name, marks=pytest.mark.heavy) for name in MORE)]
)
def test_answered_as_by_the_executor_and_wrappers(name: str, python: Path, tmp_path: Path) -> None:
    """Code, words, metadata and message of each answer are the recorded ones."""

    async def run() -> list[str]:
        data, found = scenario(name), []
        async with (
            nodes(data, python, tmp_path) as endpoints,
            served(data, endpoints, {}) as (_, port),
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            for number, exchange in enumerate(data["exchanges"]):
                reply = await ask(exchange, channel)
                differences = compare_answer(exchange, reply, endpoints, (name, number))
                found += [f"exchange {number}: {each}" for each in differences]
        return found

    found = asyncio.run(run())
    assert not found, "\n".join(found)
