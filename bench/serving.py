"""sk_mnist served in three ways beside bare ONNX Runtime: requests per second, latency, start, memory.

Our server (`server: fast`), the same unit under Seldon's wrapper (MODEL_SERVER=seldon), and the wrapper with
the pickled forest, which is how such a model is usually served. All are one process tree on this machine,
asked in turn by the same clients for the same rows; that they answer the same is looked at first.
"""

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from argolane.containers import environments, images
from argolane.project import Project
from argolane.serving import loopback
from bench import trained, wrk
from bench.load import Load, measure, measure_ours

ROUNDS, SECONDS, STARTS = 5, 3.0, 3
CLIENTS = (1, 4)
FAST, SELDON, STOCK, BARE = "fast", "wrapper", "pickled", "bare calls"
# Of which way to what: times the requests of another, by clients.
GOALS = ((FAST, SELDON, 4, 2.5), (FAST, STOCK, 4, 12.0), (FAST, BARE, 4, 0.5))
MOST_P50, MOST_START, MOST_MB = 0.35, 1.0, 120


@dataclass(frozen=True)
class Server:
    """How it is started: a command, its environment, and the folder it runs in."""

    command: list[str]
    env: Mapping[str, str]
    folder: Path


@dataclass(frozen=True)
class Up:
    """One that answers; `seconds` is what its start took, until its first answer."""

    url: str
    process: "subprocess.Popen[bytes]"
    seconds: float


def main(project: Project, work: Path) -> None:
    """`work` is an empty folder, or one in which another measurement has left sk_mnist 0.1."""
    file = project.root / "models" / "sk_mnist" / "request.json"
    body = json.dumps(json.loads(file.read_text())).encode()
    unit = trained.environment_of(project, work)
    command = list(images.prepare(project, "bench/sk-mnist-runtime:0.1", say=print).command)
    servers = {
        FAST: Server(command, unit, project.root),
        SELDON: Server(command, {**unit, "MODEL_SERVER": "seldon"}, project.root),
        STOCK: stock(project, work),
    }
    starts = {name: starting(server, body) for name, server in servers.items()}
    with contextlib.ExitStack() as stack:
        up = {name: stack.enter_context(started(server, body)) for name, server in servers.items()}
        same_answers({name: answer(one.url, body) for name, one in up.items()})
        loads = [round_of(up, file, body, unit, project.root) for _ in range(ROUNDS)]
        memory = {name: megabytes(one.process.pid) for name, one in up.items()}
        report(loads, starts, memory)
        for name, one in up.items():
            print(f"  {name:10} works {work_of(one, body):.3f} ms of a CPU for a request")
        clients(up[FAST].url, body)


def round_of(up: dict[str, Up], file: Path, body: bytes, env: Mapping[str, str],
             root: Path) -> dict[tuple[str, int], Load]:  # fmt: skip
    """Each of them once, one after the other, by name and clients."""
    found = {
        (name, number): measure(one.url, body, clients=number, seconds=SECONDS)
        for number in CLIENTS
        for name, one in up.items()
    }
    calls = ["python", "-m", "bench.onnx_calls", str(file), str(SECONDS)]
    told = subprocess.run(calls, env=dict(env), cwd=root, check=True, capture_output=True, text=True)
    bare = Load(1, **json.loads(told.stdout))
    return found | {(BARE, number): bare for number in CLIENTS}


def work_of(server: Up, body: bytes) -> float:
    """Milliseconds of a CPU for a request; unlike a rate it hardly depends on what else runs here."""
    before = cpu_seconds(server.process.pid)
    load = measure(server.url, body, clients=1, seconds=SECONDS)
    return (cpu_seconds(server.process.pid) - before) / (load.rate * SECONDS) * 1e3


def report(
    loads: list[dict[tuple[str, int], Load]], starts: dict[str, float], memory: dict[str, float]
) -> None:
    for name, number in loads[0]:
        if (name, number) != (BARE, CLIENTS[-1]):
            print(f"  {name:10} {middle([one[name, number] for one in loads])}")
    for name in starts:
        print(f"  {name:10} starts in {starts[name]:.2f} s, takes {memory[name]:.0f} MB")
    for one, other, number, goal in GOALS:
        ratio = statistics.median(load[one, number].rate / load[other, number].rate for load in loads)
        print(f"  {one} / {other}, {number} clients: {ratio:.2f} (goal: {goal:g})")
    p50 = statistics.median(load[FAST, 1].p50 for load in loads)
    print(f"  {FAST}, 1 client: p50 {p50:.2f} ms (goal: {MOST_P50}); starts in {starts[FAST]:.2f} s "
          f"(goal: {MOST_START:g}); {memory[FAST]:.0f} MB (goal: {MOST_MB})")  # fmt: skip


def middle(loads: list[Load]) -> Load:
    """Each figure's median over the rounds."""
    rate, p50, p99 = (
        statistics.median(getattr(one, name) for one in loads) for name in ("rate", "p50", "p99")
    )
    return Load(loads[0].clients, rate, p50, p99)


def clients(url: str, body: bytes) -> None:
    """Whether it was the client that was measured: the same server, asked by each of the two."""
    ours = measure_ours(url, body, clients=4, seconds=SECONDS)
    other = f"wrk {measure(url, body, clients=4, seconds=SECONDS)}" if wrk.found() else "wrk is not installed"
    print(f"  asked by argolane load {ours}; {other}")


def same_answers(answers: dict[str, dict[str, Any]]) -> None:
    """RuntimeError where one of them says something else: then it is not the same work that is measured."""
    tables = {name: told["data"]["ndarray"] for name, told in answers.items()}
    for name, rows in tables.items():
        pairs = [
            (a, b)
            for mine, known in zip(rows, tables[FAST], strict=True)
            for a, b in zip(mine, known, strict=True)
        ]
        if not pairs or any(abs(a - b) > 1e-4 for a, b in pairs):
            raise RuntimeError(f"{name} answers {rows}, {FAST} {tables[FAST]}")


def answer(url: str, body: bytes) -> dict[str, Any]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - loopback
        return dict(json.load(response))


def megabytes(pid: int) -> float:
    """Of a process and all that it has started; what they share counts once."""
    return sum(one.memory_full_info().pss for one in tree(pid)) / 1e6


def cpu_seconds(pid: int) -> float:
    """Of a process and all that it has started."""
    return sum(sum(one.cpu_times()[:2]) for one in tree(pid))


def tree(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def starting(server: Server, body: bytes) -> float:
    """Seconds from its start to its first answer, of several starts the median."""
    taken = []
    for _ in range(STARTS):
        with started(server, body) as up:
            taken.append(up.seconds)
    return statistics.median(taken)


def stock(project: Project, work: Path) -> Server:
    """Seldon's wrapper with the pickled model, which is fitted first."""
    lock = project.root / "bench" / "stock.lock"
    python = environments.ensure(lock, project.cache / "envs", root=project.root, say=print) / "bin"
    file = work / "model.pickle"
    env = {**os.environ, "DATA_DIR": str(work / "data"), "MODEL_FILE": str(file), "GRPC_WORKERS": "0"}
    fit = [python / "python", "-m", "bench.stock_model", file]
    subprocess.run(fit, env=env, cwd=project.root, check=True, stdout=subprocess.DEVNULL)
    command = [str(python / "seldon-core-microservice"), "bench.stock_model.Model", "--service-type", "MODEL"]
    return Server(command, {**env, "PYTHONPATH": str(project.root)}, project.root)


@contextlib.contextmanager
def started(server: Server, body: bytes | None = None, *, grpc: bool = False) -> Iterator[Up]:
    """Until it gives an answer to `body`, or is well where there is none. `grpc`: over gRPC, too."""
    port, metrics = free_port(), free_port()
    ports = {
        "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": str(port),
        "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(metrics),
    }
    begun = time.perf_counter()
    env = loopback.environment({**server.env, **ports}, grpc=grpc)
    process = subprocess.Popen(server.command, env=env, cwd=server.folder,
                               start_new_session=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}/api/v1.0/predictions"
        if body is None:
            await_url(f"http://127.0.0.1:{port}/health/status", process)
        else:
            await_url(url, process, body)
        yield Up(url, process, time.perf_counter() - begun)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def serving(command: list[str], env: Mapping[str, str], folder: Path) -> Iterator[str]:
    """The URL of a server of this command, while it is needed."""
    with started(Server(command, env, folder)) as up:
        yield up.url


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def await_url(url: str, process: "subprocess.Popen[bytes] | None" = None, body: bytes | None = None) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    end = time.monotonic() + 60
    while time.monotonic() < end and (process is None or process.poll() is None):
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=10):  # noqa: S310 - loopback
            return
        time.sleep(0.01)
    raise RuntimeError(f"{url} did not come up")
