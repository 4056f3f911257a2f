"""The fast server as a process that gRPC asks, too; what it answers is in tests/conformance/wrapper."""

import contextlib
import queue
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest

from argolane.errors import ArgolaneError
from argolane.serving import rpc_client
from tests.models.conftest import ROOT, run
from tests.models.serving import Server, free_ports, served

pytestmark = pytest.mark.environments

SLOW = """
import time
import numpy as np

class Model:
    asked = 0

    def predict(self, X, names, meta=None):
        self.asked += 1
        print("asked", flush=True)
        time.sleep(float(X[0][0]))
        return np.array([[self.asked]])
"""
LOOPBACK = ROOT / "argolane" / "serving" / "inside"  # nobody but this machine can ask


def server_argv(runtime: Path) -> list[str]:
    return [str(runtime), "-m", "models.runtimes.server", "slow.Model", "--service-type", "MODEL"]


@contextlib.contextmanager
def slow(runtime: Path, folder: Path, **env: str) -> Iterator[tuple[Server, int]]:
    """A class that takes as long as its first number says, and its port of gRPC."""
    (folder / "slow.py").write_text(SLOW)
    (port,) = free_ports(1)
    with served(
        runtime, "slow", folder, folder / "log.txt", argv=server_argv(runtime),
        PYTHONPATH=f"{LOOPBACK}:{ROOT}:{folder}", MODEL_SERVER="fast",
        PREDICTIVE_UNIT_GRPC_SERVICE_PORT=str(port), **env,
    ) as server:  # fmt: skip
        yield server, port


def rows(seconds: float) -> dict[str, Any]:
    return {"data": {"ndarray": [[seconds]]}}


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def test_rest_and_grpc_ask_the_one_model_of_the_one_process(runtime: Path, tmp_path: Path) -> None:
    """A count goes on from one to the other, there is no second process, and nobody else can ask."""
    with slow(runtime, tmp_path, GRPC_WORKERS="1") as (server, port):
        counts = [
            server.ask(rows(0))[1]["data"]["ndarray"][0][0],
            rpc_client.predict(f"127.0.0.1:{port}", rows(0))["data"]["ndarray"][0][0],
            server.ask(rows(0))[1]["data"]["ndarray"][0][0],
        ]
        assert counts == [1, 2, 3]
        process = psutil.Process(server.process.pid)
        assert process.children(recursive=True) == []
        heard = {
            each.laddr.ip for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN
        }
        assert heard <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_who_does_not_ask_has_no_grpc(runtime: Path, tmp_path: Path) -> None:
    """Neither the port nor the library."""
    with slow(runtime, tmp_path) as (server, port):
        server.ask(rows(0))
        assert not listens(port)
        assert "cygrpc" not in Path(f"/proc/{server.process.pid}/maps").read_text()


@pytest.mark.parametrize("threads", ["1", "2"])
def test_calls_under_way_are_answered_before_the_end(runtime: Path, tmp_path: Path, threads: str) -> None:
    """SIGTERM within one of each kind; nobody is let in any more, and the process ends in good order.

    With one thread the class is called by one of them at a time.
    """
    with (
        slow(runtime, tmp_path, GRPC_WORKERS="1", GRPC_THREADS=threads) as (server, port),
        ThreadPoolExecutor(2) as pool,
    ):
        address = f"127.0.0.1:{port}"
        begun = [pool.submit(rpc_client.predict, address, rows(2), timeout=30)]
        if threads == "2":
            begun.append(pool.submit(lambda: server.ask(rows(2))[1]))
        while (tmp_path / "log.txt").read_text().count("asked\n") < len(begun):
            assert server.process.poll() is None
        server.process.terminate()
        if threads == "2":
            with pytest.raises(subprocess.TimeoutExpired):
                server.process.wait(1)
            assert not listens(port)
            with pytest.raises(ArgolaneError, match="nothing answers there over gRPC"):
                rpc_client.predict(address, rows(0))
        answers = [each.result(timeout=30)["data"]["ndarray"] for each in begun]
        assert sorted(answers) == [[[1 + at]] if len(begun) == 1 else [[2]] for at in range(len(begun))]
        assert server.process.wait(10) == 0


@pytest.mark.parametrize("taken", ["HTTP", "GRPC"])
def test_a_port_that_another_process_has_ends_it_with_the_ports_name(
    runtime: Path, tmp_path: Path, taken: str
) -> None:
    """One line on stderr, which says how to name another one."""
    (tmp_path / "slow.py").write_text(SLOW)
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = dict(zip(("HTTP", "GRPC", "METRICS"), free_ports(3), strict=True))
        ports[taken] = other.getsockname()[1]
        env = {f"PREDICTIVE_UNIT_{name}_SERVICE_PORT": str(port) for name, port in ports.items()}
        done = run(runtime, *server_argv(runtime)[1:], MODEL_SERVER="fast", GRPC_WORKERS="1",
                   PYTHONPATH=f"{LOOPBACK}:{ROOT}:{tmp_path}", **env)  # fmt: skip
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert said.startswith(f"Cannot listen on port {ports[taken]} ({taken.lower()}): Address already in use")
    assert f"PREDICTIVE_UNIT_{taken}_SERVICE_PORT" in said


def test_an_annotation_that_is_no_size_is_refused(runtime: Path, tmp_path: Path) -> None:
    """The error quotes it, before the model is loaded."""
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "annotations").write_text('seldon.io/grpc-max-message-size="4 MB"\n')
    starter = ROOT / "tests" / "conformance" / "wrapper" / "wrapper_annotated.py"
    done = run(runtime, starter, tmp_path / "annotations", *server_argv(runtime)[2:], MODEL_SERVER="fast",
               GRPC_WORKERS="1", PYTHONPATH=f"{LOOPBACK}:{ROOT}:{tmp_path}")  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1, "The annotation seldon.io/grpc-max-message-size is '4 MB'; expected a number of bytes."
    )  # fmt: skip


TABLES = """
import random
import numpy as np
from seldon_core import seldon_methods
from seldon_core.proto.prediction_pb2 import SeldonMessage
from seldon_core.utils import json_to_seldon_message
from models.runtimes.server.messages import Unread
from models.runtimes.server.metrics import Metrics
from models.runtimes.server.rpc_methods import RpcMethods

class Model:
    def predict(self, X, names, meta=None):
        flags = X.flags.writeable, X.flags.aligned, X.flags.c_contiguous
        self.seen = X.tolist(), X.dtype.str, X.shape, flags, list(names), meta.copy()
        return X * 2
    def tags(self):
        return {"version": "1", "part": 1.5, "yes": True, "one": 1}

def message(form, shape, names, meta):
    values = np.random.default_rng(len(shape)).normal(size=shape).round(3)
    tensor = {"shape": shape, "values": values.ravel().tolist()}
    data = {"names": names, form: tensor if form == "tensor" else values.tolist()}
    told = {} if meta is None else {"meta": meta}
    return json_to_seldon_message({"data": data, **told}).SerializeToString()

model, metrics = Model(), Metrics()
own = RpcMethods(model, metrics)
def both(body):
    found = own.answer("predict", body), model.seen
    request = SeldonMessage.FromString(body)
    wanted = seldon_methods.predict(model, request, metrics).SerializeToString(), model.seen
    assert found == wanted, (body, found, wanted)

metas = None, {}, {"puid": "p", "tags": {"one": 2, "two": [None, {"b": False}]}, "requestPath": {"a": "b"}}
shapes = [1], [5], [40], [1, 1], [3, 4], [2, 784], [1, 11], [1, 12], [200, 3]
bodies = [
    message(form, shape, names, meta) for form in ("tensor", "ndarray")
    for shape in shapes for names in ([], ["a", "\\u00e9"]) for meta in metas
]
bodies.append(message("tensor", [2, 3, 4], [], None))
for body in bodies:
    both(body)
rng, read = random.Random(7), 0
small = [body for body in bodies if len(body) < 400]
for _ in range(2000):
    body = bytearray(rng.choice(small))
    for _ in range(rng.randint(1, 3) // 2 or 1):
        at, how = rng.randrange(len(body)), rng.choice((0, 0, 0, 1, 2, 3))
        if how == 0:
            body[at] = rng.randrange(256)
        elif how == 1:
            del body[at : at + rng.randint(1, 12)]
        elif how == 2:
            body[at:at] = body[at : at + rng.randint(1, 12)]
        else:
            body += rng.choice(small)
        if not body:
            break
    try:
        own.answer("predict", bytes(body))
    except Unread:
        continue
    both(bytes(body))
    read += 1
print("equal", len(bodies), read > 400)
"""


def test_tables_of_numbers_are_what_the_wrapper_reads_and_writes(runtime: Path) -> None:
    """Byte for byte, what the class is told too; of bytes that went wrong none is read as something else."""
    done = run(runtime, "-c", TABLES)
    assert done.stdout.splitlines()[-1:] == ["equal 109 True"], done.stderr


OWN_TYPES = """
import numpy as np
from seldon_core import seldon_methods
from seldon_core.proto.prediction_pb2 import SeldonMessage
from seldon_core.utils import json_to_seldon_message
from models.runtimes.server.metrics import Metrics
from models.runtimes.server.rpc_methods import RpcMethods

class Model:
    def predict(self, X, names, meta=None):
        return X
    def tags(self):
        return {"score": np.float64(0.5), "of": [np.str_("a"), {"b": np.float64(2)}]}
    def metrics(self):
        return [{"type": "GAUGE", "key": "k", "value": np.float32(0.25), "tags": {"a": np.str_("b")}}]

model, metrics = Model(), Metrics()
body = json_to_seldon_message({"data": {"ndarray": [[1.0]]}}).SerializeToString()
found = SeldonMessage.FromString(RpcMethods(model, metrics).answer("predict", body))
wanted = seldon_methods.predict(model, SeldonMessage.FromString(body), metrics)
assert found == wanted, (found, wanted)
print(found.meta.tags["score"].number_value, found.meta.tags["of"].list_value.values[0].string_value)
"""


def test_numbers_of_numpy_are_told_as_by_the_wrapper(runtime: Path) -> None:
    """In tags and in metrics, however deep."""
    done = run(runtime, "-c", OWN_TYPES, INCLUDE_METRICS_IN_CLIENT_RESPONSE="true")
    assert done.stdout.splitlines()[-1:] == ["0.5 a"], done.stderr


EMPTY = """
import asyncio, gc, sys, types
import grpc
from models.runtimes.server.metrics import Metrics
from models.runtimes.server.rpc import Rpc

class Model:
    def predict(self, X, names, meta=None):
        return X

async def main(port):
    rpc = Rpc(Model(), Metrics(), pool=None)
    await rpc.open(port)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.stream_unary("/seldon.protos.Model/Predict")
        found = []
        for _ in range(2):
            for _ in range(50):
                try:
                    await call(iter(()))
                except grpc.aio.AioRpcError as error:
                    assert error.code() is grpc.StatusCode.UNIMPLEMENTED, error
            gc.collect()
            found.append(sum(isinstance(each, types.TracebackType) for each in gc.get_objects()))
    await rpc.close()
    print("grows by", found[1] - found[0])

asyncio.run(main(int(sys.argv[1])))
"""


def test_calls_without_a_message_leave_nothing_behind(runtime: Path) -> None:
    """No traceback is kept of the calls before."""
    (port,) = free_ports(1)
    done = run(runtime, "-c", EMPTY, port, PYTHONPATH=f"{LOOPBACK}:{ROOT}")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) < 10


@pytest.mark.heavy
def test_a_stream_of_reflection_without_an_end_is_ended(runtime: Path, tmp_path: Path) -> None:
    """SIGTERM, and the process is gone within half a minute, as a pod has it."""
    asked: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    asked.put(b"\x3a\x00")  # list_services
    with (
        slow(runtime, tmp_path, GRPC_WORKERS="1") as (server, port),
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        ask = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        answers = ask(iter(asked.get, None))
        assert b"seldon.protos" in next(answers)
        server.process.terminate()
        try:
            assert server.process.wait(30) == 0
        finally:
            asked.put(None)
        with pytest.raises(grpc.RpcError):
            next(answers)
