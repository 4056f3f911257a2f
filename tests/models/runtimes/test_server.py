"""The fast server as a process: what it imports for an answer, and how it reads what comes in pieces."""

import json
import math
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest

from models.contract.spec import MODELS
from tests.models.conftest import ROOT, run
from tests.models.serving import Server, free_ports, served

pytestmark = pytest.mark.environments

REQUEST = (MODELS / "sk_mnist" / "request.json").read_bytes()
HEAD = ["POST /predict HTTP/1.1", "Host: a", "Content-Type: application/json"]
HEAVY = ["flask", "google.protobuf", "grpc", "jsonschema", "prometheus_client", "seldon_core"]

LAZY = """
import json, sys
from models.runtimes.server import process
from models.runtimes.server.app import App
from models.sk_mnist.predict import Model
model = Model()
app = App(model, metrics_port=0, pool=None)
model.load()
heavy = lambda: sorted(name for name in %s if name in sys.modules)
answer = app.called("/predict", open("models/sk_mnist/request.json", "rb").read())
print(json.dumps([json.loads(answer)["meta"]["tags"]["model"], heavy()]))
refused = app.called("/predict", b'{"strData": "a"}')
print(json.dumps([[type(error).__name__ for error in refused.values()], heavy()]))
app.stock.load()
print(json.dumps(["the wrapper", heavy()]))
"""


def test_an_answer_needs_nothing_of_the_wrapper(sk_mnist: Path, runtime: Path) -> None:
    """Only an error, or whatever else is the wrapper's to say, imports it: it is most of a start's time."""
    done = run(runtime, "-c", LAZY % HEAVY, MODEL_DIR=sk_mnist)
    answered, refused, loaded = map(json.loads, done.stdout.splitlines())
    assert answered == ["sk_mnist", []], done.stderr
    assert refused == [["BadInput"], []]
    assert loaded == ["the wrapper", HEAVY]


ARGUMENTS = """
import json, os, sys
from models.runtimes.server import arguments
from seldon_core import microservice
def said(read, argv):
    sys.argv = ["server", *argv]
    found = vars(read())
    return {name: int(value) if name.startswith("grpc_") else value for name, value in found.items()}
given, texts = map(json.loads, sys.argv[1:])
for env, argv in given:
    os.environ.update(env)
    stock = said(lambda: microservice.parse_args()[0], argv)
    assert said(lambda: arguments.read(argv, os.environ), argv) == stock, (env, argv)
for text in texts:
    assert arguments.parameters(text) == microservice.parse_parameters(json.loads(text)), text
print("equal")
"""


def test_its_flags_and_variables_are_those_of_the_wrapper(runtime: Path) -> None:
    """Each by its flag, by its variable and by neither, and the parameters of a class."""
    numbers = {
        "GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "4", "GUNICORN_MAX_REQUESTS": "5", "TRACING": "1",
        "GUNICORN_MAX_REQUESTS_JITTER": "6", "GUNICORN_KEEPALIVE": "7", "FLASK_SINGLE_THREADED": "1",
        "GRPC_THREADS": "8", "GRPC_WORKERS": "9", "SELDON_DEBUG": "true", "GUNICORN_ACCESS_LOG": "t",
        "PREDICTIVE_UNIT_PARAMETERS": "[{}]",
    }  # fmt: skip
    ports = {
        f"PREDICTIVE_UNIT_{each}_SERVICE_PORT": str(7000 + at)
        for at, each in enumerate(("HTTP", "GRPC", "METRICS"))
    }
    flags = [
        "A", "--service-type=ROUTER", "--workers", "2", "--debug", "--tracing", "--access-log", "--threads=2",
        "--parameters", "[]", "--log-level", "DEBUG", "--http-port=1", "--grpc-port", "2", "--metrics-port=3",
        "--grpc-workers=0", "--grpc-threads=2", "--single-threaded=1", "--pidfile=x", "--keepalive=9",
        "--max-requests=1", "--max-requests-jitter=2", "--persistence",
    ]  # fmt: skip
    given = [({}, ["A.B"]), ({}, flags), (numbers, ["A"]), (ports, ["A"]), ({}, flags)]
    one = [{"name": kind, "value": value, "type": kind} for kind, value in (
        ("INT", "-3"), ("FLOAT", "1.5"), ("DOUBLE", "2"), ("STRING", "s"), ("BOOL", "True"))]  # fmt: skip
    texts = ["[]", json.dumps(one), json.dumps([{**one[-1], "value": "off"}])]
    done = run(runtime, "-c", ARGUMENTS, json.dumps(given), json.dumps(texts), GRPC_WORKERS="0")
    assert done.stdout.splitlines()[-1:] == ["equal"], done.stderr


ROWS = """
import json, sys
import numpy as np
from models.runtimes.server.messages import read
for rows in json.load(open(sys.argv[1])):
    found, wanted = read({"data": {"ndarray": rows}}, keeps_text=False).features, np.array(rows)
    assert found.dtype == wanted.dtype and found.shape == wanted.shape and found.flags.owndata, rows
    assert found.tolist() == wanted.tolist(), rows
    found[...] = 0
print("equal")
"""


def test_rows_are_the_array_that_numpy_makes_of_them(runtime: Path, tmp_path: Path) -> None:
    """Of the same type, shape and values; a class may write to it."""
    rows = [[], [[]], [[], []], [1, 2], [1.5, 2], [[1, 2], [3, 4]], [[1.5, 2**53 + 1]], [[1, 2.5], [3, 4]],
            [[True, 1]], [[True, False]], [2**63], [2**63, 1.5], [-(2**63)], [[1, "a"]], ["a"], [None],
            [[[1, 2]], [[3, 4.5]]], [[0.1] * 784] * 3, [1e308, -0.0]]  # fmt: skip
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(rows))
    done = run(runtime, "-c", ROWS, file)
    assert done.stdout == "equal\n", done.stderr


@pytest.fixture
def server(sk_mnist: Path, runtime: Path, tmp_path: Path) -> Iterator[Server]:
    with served(runtime, "sk_mnist", sk_mnist, tmp_path / "log.txt") as server:
        yield server


def dial(server: Server) -> socket.socket:
    return socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port), timeout=20)


def post(body: bytes, *more: str) -> bytes:
    return "\r\n".join([*HEAD, *more, f"Content-Length: {len(body)}", "", ""]).encode() + body


def answers(connection: socket.socket, count: int) -> list[tuple[int, dict[str, object]]]:
    """Status and body of so many answers, in the order in which they come."""
    found = []
    with connection.makefile("rb") as file:
        for _ in range(count):
            status, length = int(file.readline().split()[1]), 0
            while (line := file.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                length = int(value) if name == b"content-length" else length
            found.append((status, json.loads(file.read(length))))
    return found


def test_requests_behind_one_another_are_answered_in_their_order(server: Server) -> None:
    """Short ones, one that is the wrapper's to answer, one in chunks, sent at once on one connection."""
    lines = [*HEAD, "Transfer-Encoding: chunked"]
    half = len(REQUEST) // 2
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (REQUEST[:half], REQUEST[half:], b""))
    chunked = "\r\n".join([*lines, "", ""]).encode() + pieces
    health = b"GET /health/status HTTP/1.1\r\nHost: a\r\n\r\n"
    with dial(server) as connection:
        connection.sendall(post(REQUEST) + post(b"{") + health + chunked + post(REQUEST))
        found = answers(connection, 5)
    assert [status for status, _ in found] == [200, 400, 200, 200, 200]
    assert found[2][1]["strData"] == "healthy"
    assert found[0] == found[3] == found[4]


def test_a_request_may_come_in_pieces_and_ask_for_leave(server: Server) -> None:
    """Byte by byte at its head, and with Expect: 100-continue; the connection is open for the next."""
    with dial(server) as connection:
        sent = post(REQUEST)
        for at in range(120):
            connection.sendall(sent[at : at + 1])
        connection.sendall(sent[120:])
        assert answers(connection, 1)[0][0] == 200
        sent = post(REQUEST, "Expect: 100-continue")
        connection.sendall(sent.removesuffix(REQUEST))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(REQUEST)
        assert answers(connection, 1)[0][0] == 200


def test_a_request_under_way_is_answered_before_the_end(server: Server) -> None:
    """SIGTERM between its head and its last byte; the process ends with the answer, in good order."""
    with dial(server) as connection:
        sent = post(REQUEST)
        connection.sendall(sent[:-10])
        assert server.ask(json.loads(REQUEST))[0] == 200  # so the first part has come
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(0.5)
        connection.sendall(sent[-10:])
        assert answers(connection, 1)[0][0] == 200
    assert server.process.wait(10) == 0


def test_gauges_are_told_to_who_asks_for_metrics(sk_mnist: Path, runtime: Path, tmp_path: Path) -> None:
    """Each once, whatever was asked before; a file that somebody has cut is in the log."""
    [metrics] = free_ports(1)
    store = tmp_path / "store"
    shutil.copytree(sk_mnist, store / "sk_mnist/1")
    tests = store / ".observations/mnist-ab"
    tests.mkdir(parents=True)
    gauge = {"type": "GAUGE", "key": "argolane_test_mismatch_p", "value": 0.5, "tags": {}}
    (tests / "gauges.json").write_text(json.dumps([gauge]))
    env = {"PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(metrics), "SELDON_DEPLOYMENT_ID": "mnist-ab"}
    with served(runtime, "sk_mnist", store / "sk_mnist/1", tmp_path / "log", **env) as server:
        row = json.loads(REQUEST)["data"]["ndarray"][0]
        assert server.ask({"data": {"ndarray": [row] * 60}})[0] == 200
        with urllib.request.urlopen(f"{server.url}/health/status", timeout=10):
            pass
        assert server.ask({"request": {}, "response": {}, "reward": 1}, path="/send-feedback")[0] == 200
        told = gauges(metrics)
        assert (told["argolane_drift_rows"], told["argolane_test_mismatch_p"]) == (60, 0.5)
        assert told["argolane_drift_features"] > 0 and told["argolane_drift_psi_max"] > 0.25
        (tests / "gauges.json").write_text("[")
        assert gauges(metrics)["argolane_drift_rows"] == 60
    assert "gauges.json: cannot be read" in (tmp_path / "log").read_text()


COUNTING = """
from models.sk_mnist.predict import Model as Own

class Model(Own):
    def metrics(self):
        return [{"type": "COUNTER", "key": "asked", "value": 1}]
"""


def test_what_a_class_counts_is_told_beside_gauges(sk_mnist: Path, runtime: Path, tmp_path: Path) -> None:
    """A test's gauges are those of the last test alone."""
    [metrics] = free_ports(1)
    (tmp_path / "counting.py").write_text(COUNTING)
    store = tmp_path / "store"
    shutil.copytree(sk_mnist, store / "sk_mnist/1")
    tests = store / ".observations/mnist-ab"
    tests.mkdir(parents=True)
    env = {"PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(metrics), "SELDON_DEPLOYMENT_ID": "mnist-ab"}
    argv = [str(runtime), "-m", "models.runtimes.server", "counting.Model", "--service-type", "MODEL"]
    with served(
        runtime, "sk_mnist", store / "sk_mnist/1", tmp_path / "log", argv=argv, MODEL_SERVER="fast",
        PYTHONPATH=f"{ROOT}:{tmp_path}", **env,
    ) as server:  # fmt: skip
        for _ in range(3):
            assert server.ask(json.loads(REQUEST))[0] == 200
        for name, value in (("of_old", 1.0), ("score", math.nan)):
            gauge = {"type": "GAUGE", "key": f"argolane_test_{name}", "value": value, "tags": {}}
            (tests / "gauges.json").write_text(json.dumps([gauge]))
            told = gauges(metrics)
            assert {each for each in told if "_test_" in each} == {f"argolane_test_{name}"}
        [asked] = [line for line in page(metrics) if re.match(r'asked_total.*method="predict"', line)]
        assert asked.endswith(" 3.0")
        assert math.isnan(told["argolane_test_score"]) and told["argolane_drift_rows"] == 3


STOPPED = """
import asyncio, json
from models.runtimes.server.app import App

class Model:
    asked = 0
    def predict(self, X, names, meta=None):
        self.asked += 1
        return X

async def main():
    model, sent = Model(), []
    app = App(model, metrics_port=0, pool=None)
    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "server": ("a", 1),
             "headers": [(b"content-type", b"application/json")]}
    whole = b'{"data": {"ndarray": [[1]]}}'
    async def asked(*events):
        left = iter(events)
        async def receive():
            return next(left)
        async def send(event):
            sent.append(event)
        await app(scope, receive, send)
        return [model.asked, len(sent)]
    part = lambda body, more: {"type": "http.request", "body": body, "more_body": more}
    print(json.dumps([await asked(part(whole, True), {"type": "http.disconnect"}),
                      await asked(*(part(bytes([each]), True) for each in whole), part(b"", False))]))

asyncio.run(main())
"""


def test_a_client_that_leaves_within_its_request_asks_for_nothing(runtime: Path) -> None:
    """However much of it has come; one in many pieces is one request."""
    done = run(runtime, "-c", STOPPED)
    assert json.loads(done.stdout or "null") == [[0, 0], [1, 2]], done.stderr


def page(port: int) -> list[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as told:
        return cast(list[str], told.read().decode().splitlines())


def gauges(port: int) -> dict[str, float]:
    lines = [line for line in page(port) if line.startswith("argolane_")]
    found = {line.partition("{")[0]: float(line.rsplit(" ", 1)[1]) for line in lines}
    assert len(found) == len(lines)
    return found
