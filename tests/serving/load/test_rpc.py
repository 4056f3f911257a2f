"""Loads of `argolane load --grpc` upon a server that does what a call's strData says."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argolane.errors import UsageError
from argolane.serving.load.address import grpc_address

SERVER = """
import asyncio, os, time, grpc
from argolane.serving.protos import message
SeldonMessage = message("SeldonMessage")
count, first, stalled = 0, None, False
async def predict(request, context):
    global count, first, stalled
    count, first = count + 1, first or time.monotonic()
    what, _, how = SeldonMessage.FromString(request).strData.partition(" ")
    if what == "slow": await asyncio.sleep(float(how))
    if what == "stall" and not stalled and time.monotonic() > first + 1:
        stalled = True
        time.sleep(float(how))
    if what == "die" and count > int(how): os._exit(0)
    if what == "fail" and count > 1: await context.abort(grpc.StatusCode[how], "so it is")
    arms = {"routing": {"ab": count % 2}, "requestPath": {"ab": "", "xy"[count % 2]: "i"}}
    meta = arms if what == "arms" else {}
    return SeldonMessage(strData="done", meta=meta).SerializeToString()
class Methods(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(predict)
async def main():
    server = grpc.aio.server(handlers=(Methods(),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()
asyncio.run(main())
"""

Load = Callable[..., Any]


@pytest.fixture
def port() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@pytest.fixture
def load(port: int, tmp_path: Path) -> Load:
    """The figures of a load by the command, which must fail or not as `fails` says."""

    def measured(asked: str, *flags: str, fails: str = "") -> Any:
        file = tmp_path / "request.json"
        file.write_text(json.dumps({"strData": asked}))
        done = subprocess.run(
            [sys.executable, "-m", "argolane", "load", f"127.0.0.1:{port}", "--grpc", "--warm-up=0s",
             "--request", str(file), "-o", "json", *flags],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode == 0) is not bool(fails), done.stderr
        assert fails in done.stderr
        return json.loads(done.stdout) if done.stdout else None

    return measured


def test_a_closed_loop_over_grpc(load: Load) -> None:
    """Each client waits for its answer, and arms are told apart by the answer's meta."""
    found = load("arms", "--clients=2", "--duration=1s")
    assert found["loop"] == "closed" and found["failed"] == 0 and found["answered"] > 10
    assert {each["arm"] for each in found["arms"]} == {"x", "y"}
    assert sum(each["answered"] for each in found["arms"]) == found["answered"]
    assert sum(number for _, number in found["histogram"]) == found["answered"]


def test_an_open_loop_over_grpc_keeps_its_rate(load: Load) -> None:
    """Calls begin at it though no answer has come."""
    found = load("slow 0.3", "--rate=100", "--connections=100", "--duration=1s")
    assert (found["requests"], found["answered"], found["late"]) == (100, 100, 0)
    assert found["latency_ms"]["p50"] >= 300


@pytest.mark.heavy
def test_arrivals_over_grpc_that_were_never_sent_count(load: Load) -> None:
    """What had no connection failed, with the time that it waited."""
    found = load("slow 0.2", "--rate=100", "--connections=2", "--duration=1s")
    assert found["requests"] == 100 and found["failed"] >= 80
    assert found["errors"][0]["kind"] == "not sent: all connections were busy"


def test_a_stall_is_seen_in_all_that_would_have_met_it(load: Load) -> None:
    """Latencies count from when a call was due."""
    found = load("stall 0.8", "--rate=50", "--duration=3s")
    assert found["requests"] == found["answered"] == 150
    assert found["latency_ms"]["p90"] > 250


def test_failed_calls_are_told_by_their_status(load: Load) -> None:
    """With the first words."""
    found = load("fail INTERNAL", "--clients=2", "--duration=1s", fails="nothing was answered")
    [error] = found["errors"]
    assert (error["kind"], error["said"]) == ("gRPC INTERNAL", "so it is")


def test_a_first_call_that_is_not_answered_is_the_last(load: Load) -> None:
    """After --timeout."""
    fails = "no answer within 0.2 s. Wait longer with --timeout. No load was sent."
    assert load("slow 30", "--clients=1", "--duration=1s", "--timeout=0.2s", fails=fails) is None


@pytest.mark.heavy
def test_a_server_that_dies_is_told(load: Load) -> None:
    """With what its calls met then."""
    found = load("die 40", "--rate=50", "--duration=4s", "--timeout=1s", fails="stopped answering")
    assert found["gone"] and 30 <= found["answered"] <= 40
    assert "connection refused" in {each["kind"] for each in found["errors"]}


def test_what_is_no_address_of_grpc_is_refused() -> None:
    """The error quotes it, and says what is expected; so does that of another machine."""
    with pytest.raises(UsageError, match=r"'https://host:1/x': expected HOST:PORT of gRPC"):
        grpc_address("https://host:1/x", allow_remote=True)
    with pytest.raises(UsageError, match=r"127\.0\.0\.1:0: nobody listens at port 0"):
        grpc_address("127.0.0.1:0", allow_remote=False)
    with pytest.raises(UsageError, match=r"is another machine \(192\.0\.2\.1\).*--allow-remote"):
        grpc_address("192.0.2.1:5001", allow_remote=False)
    assert grpc_address("[::1]:5001", allow_remote=False).where == ("::1", 5001)


WOKEN = """
import asyncio, os, time
from argolane.serving.load.address import grpc_address
from argolane.serving.load.plan import Plan
from argolane.serving.load.rpc import RpcWorker
from argolane.serving.load.worker import Share

plan = Plan(rate=None, clients=1, duration=1)
where = grpc_address("127.0.0.1:1", allow_remote=False)
share = Share(0, 1, time.perf_counter())
worker = RpcWorker(plan, where, [b""], share, control=os.pipe()[0], told=print)
asyncio.set_event_loop(worker._loop)
one = worker._connection()
for happen in (lambda: worker._end_of(one), worker._stop):
    worker._loop.call_soon(happen)
    begun = time.perf_counter()
    worker._wait(begun + 20)
    print(time.perf_counter() - begun < 10)
"""


def test_what_happens_before_a_wait_ends_it() -> None:
    """A call that has ended by then, and the stop: neither waits for the next event."""
    done = subprocess.run(
        [sys.executable, "-c", WOKEN], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "True\nTrue\n", done.stderr
