"""A model folder in, its process under the server that serves it out: as the runtime image runs it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.models.conftest import ROOT


@dataclass(frozen=True)
class Server:
    url: str
    process: subprocess.Popen[bytes]

    def ask(
        self, body: object, *, path: str = "/api/v1.0/predictions", kind: str = "application/json"
    ) -> Any:
        """(HTTP status, parsed answer); a body of bytes is sent as it is."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, sent, {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextlib.contextmanager
def served(
    python: Path,
    model: str,
    folder: Path,
    log: Path,
    *,
    root: Path = ROOT,
    argv: Sequence[str] = (),
    **env: str,
) -> Iterator[Server]:
    """The model in `folder` behind the server of its model.yaml, ready; its process group ends with it.

    `argv` starts one that is none of ours.
    """
    http, metrics = free_ports(2)
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),
        "MODEL_DIR": str(folder),
        "GRPC_WORKERS": "0",
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "PREDICTIVE_UNIT_ID": model.replace("_", "-"),
        "PREDICTIVE_UNIT_IMAGE": f"{model}:test",
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(http),
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(metrics),
        **env,
    }
    argv = argv or [
        str(python),
        "-m",
        "models.runtimes.server",
        f"models.{model}.predict.Model",
        "--service-type",
        "MODEL",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=root, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        server = Server(f"http://127.0.0.1:{http}", process)
        await_health(server, log)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def await_health(server: Server, log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(server.url + "/health/status", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"The model does not serve (exit status {server.process.poll()}):\n{log.read_text()}")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
