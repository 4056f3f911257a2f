"""sk_mnist over gRPC, of our server beside Seldon's wrapper: work of a CPU for a call, rate, start, memory.

Both have one worker of gRPC beside REST. They are asked in turn by the same client, with the same rows in
either form; that they answer the same is looked at first.
"""

import contextlib
import json
import statistics
import time
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format

from argolane.containers import images
from argolane.project import Project
from argolane.serving.protos import PACKAGE, message, pool
from bench import trained
from bench.serving import FAST, SELDON, Server, cpu_seconds, free_port, megabytes, started

ROUNDS, CALLS = 5, 150
GOAL = 3.0  # times less work for a call


def main(project: Project, work: Path) -> None:
    """`work` as of bench.serving."""
    rows = json.loads((project.root / "models" / "sk_mnist" / "request.json").read_text())["data"]["ndarray"]
    values = [value for row in rows for value in row]
    requests = {
        "ndarray": {"data": {"ndarray": rows}},
        "tensor": {"data": {"tensor": {"shape": [len(rows), len(rows[0])], "values": values}}},
    }
    unit = {**trained.environment_of(project, work), "GRPC_WORKERS": "1"}
    command = list(images.prepare(project, "bench/sk-mnist-runtime:0.1", say=print).command)
    with contextlib.ExitStack() as stack:
        up = {}
        for name, more in ((FAST, {}), (SELDON, {"MODEL_SERVER": "seldon"})):
            port = free_port()
            env = {**unit, **more, "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": str(port)}
            server = stack.enter_context(started(Server(command, env, project.root), grpc=True))
            channel = stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{port}"))
            grpc.channel_ready_future(channel).result(timeout=60)
            up[name] = (server, channel.unary_unary(f"/{PACKAGE}.Model/Predict"))
        for form, request in requests.items():
            body = json_format.ParseDict(request, message("SeldonMessage")(), descriptor_pool=pool())
            sent = body.SerializeToString()
            same(form, {name: call(sent) for name, (_, call) in up.items()})
            rounds = [{name: measured(server.process.pid, call, sent) for name, (server, call) in up.items()}
                      for _ in range(ROUNDS)]  # fmt: skip
            for name in up:
                taken, waited = (statistics.median(one[name][at] for one in rounds) for at in (0, 1))
                print(
                    f"  {name:10} {form:8} works {taken:.3f} ms of a CPU a call, answered in {waited:.2f} ms"
                )
            ratio = statistics.median(one[SELDON][0] / one[FAST][0] for one in rounds)
            print(f"  {SELDON} / {FAST}, {form}: {ratio:.2f} times the work (goal: {GOAL:g})")
        for name, (server, _) in up.items():
            size = megabytes(server.process.pid)
            print(f"  {name:10} answers REST after {server.seconds:.2f} s, takes {size:.0f} MB")


def measured(pid: int, call: Any, sent: bytes) -> tuple[float, float]:
    """Milliseconds of a CPU and of waiting for a call, one after the other."""
    before, begun = cpu_seconds(pid), time.perf_counter()
    for _ in range(CALLS):
        call(sent)
    return (cpu_seconds(pid) - before) / CALLS * 1e3, (time.perf_counter() - begun) / CALLS * 1e3


def same(form: str, answers: dict[str, bytes]) -> None:
    """RuntimeError where one of them says something else: then it is not the same work that is measured."""
    told = {name: message("SeldonMessage").FromString(answer) for name, answer in answers.items()}
    if told[FAST] != told[SELDON] or told[FAST].data.WhichOneof("data_oneof") != form:
        raise RuntimeError(f"{form}: {told}")
