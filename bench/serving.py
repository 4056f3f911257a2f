"""Served requests per second of sk_mnist: our runtime beside the stock wrapper with the pickled model.

Both are one `seldon-core-microservice` process on this machine, loaded in turn by the same clients with the
same request. Goal: 4 times the requests.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from argolane.containers import environments, images
from argolane.project import Project
from argolane.serving import loopback
from bench.load import measure

ROUNDS, SECONDS = 3, 3.0


def main(project: Project, work: Path) -> None:
    """`work` holds a model store with sk_mnist 0.1, as bench.overhead leaves it."""
    body = (project.root / "models" / "sk_mnist" / "request.json").read_bytes()
    with ours(project, work) as our_url, stock(project, work) as stock_url:
        for clients in (1, 4):
            pairs = [
                (measure(our_url, body, clients=clients, seconds=SECONDS),
                 measure(stock_url, body, clients=clients, seconds=SECONDS))
                for _ in range(ROUNDS)
            ]  # fmt: skip
            a, b = sorted(pairs, key=lambda pair: pair[0].rate / pair[1].rate)[ROUNDS // 2]
            print(f"  ours   {a}\n  stock  {b}")
            print(f"  ratio of requests per second, {clients} clients: {a.rate / b.rate:.1f} (goal: 4)")


@contextlib.contextmanager
def ours(project: Project, work: Path) -> Iterator[str]:
    image = images.prepare(project, "bench/sk-mnist-runtime:0.1", say=print)
    env = {**image.env, "MODEL_DIR": str(work / "store" / "sk_mnist" / "0.1")}
    with serving(list(image.command), env, project.root) as url:
        yield url


@contextlib.contextmanager
def stock(project: Project, work: Path) -> Iterator[str]:
    lock = project.root / "bench" / "stock.lock"
    python = environments.ensure(lock, project.cache / "envs", root=project.root, say=print) / "bin"
    file = work / "model.pickle"
    env = {**os.environ, "DATA_DIR": str(work / "data"), "MODEL_FILE": str(file), "GRPC_WORKERS": "0"}
    fit = [python / "python", "-m", "bench.stock_model", file]
    subprocess.run(fit, env=env, cwd=project.root, check=True, stdout=subprocess.DEVNULL)
    command = [str(python / "seldon-core-microservice"), "bench.stock_model.Model", "--service-type", "MODEL"]
    with serving(command, {**env, "PYTHONPATH": str(project.root)}, project.root) as url:
        yield url


@contextlib.contextmanager
def serving(command: list[str], env: Mapping[str, str], folder: Path) -> Iterator[str]:
    port, metrics = free_port(), free_port()
    ports = {
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(port),
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(metrics),
    }
    process = subprocess.Popen(command, env=loopback.environment({**env, **ports}), cwd=folder,
                               start_new_session=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        await_url(f"http://127.0.0.1:{port}/health/status", process)
        yield f"http://127.0.0.1:{port}/api/v1.0/predictions"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def await_url(url: str, process: subprocess.Popen[bytes] | None = None) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and (process is None or process.poll() is None):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):  # noqa: S310 - loopback
            return
        time.sleep(0.1)
    raise RuntimeError(f"{url} did not come up")
