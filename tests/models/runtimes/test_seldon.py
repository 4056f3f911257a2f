"""Serving: the plain class in its own process, and the same class behind Seldon's wrapper, over HTTP."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.contract import version
from models.contract.spec import MODELS
from tests.models.conftest import run
from tests.models.serving import Server, served

pytestmark = pytest.mark.environments

REQUEST = json.loads((MODELS / "sk_mnist" / "request.json").read_text())
[ROW] = REQUEST["data"]["ndarray"]
BLANK = [0.0] * 784
SHAPE = "expected rows of 784 numbers in 0..1: shape [n, 784]."


def ndarray(rows: object) -> dict[str, Any]:
    return {"data": {"ndarray": rows}}


def with_first(value: object) -> list[list[object]]:
    """One row, whose first value is this."""
    return [[value, *BLANK[1:]]]


WRONG_ROWS = {
    "too narrow": [BLANK[1:]],
    "too wide": [[*BLANK, 0.0]],
    "no batch": BLANK,
    "too deep": [[BLANK]],
    "no rows": [],
    "an empty row": [[]],
    "NaN": with_first(float("nan")),
    "infinite": with_first(float("inf")),
    "below 0": with_first(-0.001),
    "above 1": with_first(1.001),
    "0 to 255": with_first(255),
    "text": with_first("a"),
    "numbers as text": with_first("0.5"),
    "null": with_first(None),
    "true": [[True] * 784],
    "an object": with_first({}),
    "rows of two lengths": [BLANK, BLANK[1:]],
}

IN_PROCESS = """
import json, sys
import numpy as np
from models.sk_mnist.predict import Model
rows, wrong = json.load(sys.stdin)
model = Model()
try:
    model.predict(rows)
except RuntimeError as error:
    print(json.dumps(str(error)))
model.load()
answer = model.predict(np.array(rows), [], meta={})
print(json.dumps([str(type(answer)), answer.shape, answer.argmax(1).tolist(), answer.sum(1).tolist()]))
print(json.dumps([model.class_names(), model.tags()]))
for value in [*wrong, "text", {"an": "object"}, None, b"bytes"]:
    try:
        print(model.predict(value))
    except ValueError as error:
        print(json.dumps([type(error).__name__, str(error)]))
print("seldon_core" in sys.modules, "flask" in sys.modules)
"""


def tags_of(folder: Path) -> dict[str, str]:
    """What every answer of the version in `folder` is to say of it."""
    digest = version.load(folder).digest
    dataset = "digits (1437/360)"
    return {"model": "sk_mnist", "version": "0.1", "dataset": dataset, "digest": f"sha256:{digest}"}


def test_the_plain_class(sk_mnist: Path, runtime: Path, tmp_path: Path) -> None:
    """No Seldon anywhere: probabilities, names, tags; every wrong input is a BadInput that says why."""
    script = tmp_path / "script.py"
    script.write_text(IN_PROCESS)
    given = tmp_path / "given.json"
    given.write_text(json.dumps([[ROW, BLANK], list(WRONG_ROWS.values())]))
    command = f"import sys; sys.stdin = open({str(given)!r}); exec(open({str(script)!r}).read())"
    done = run(runtime, "-c", command, MODEL_DIR=sk_mnist)
    assert done.returncode == 0, done.stderr
    unloaded, answer, about, *wrongs, imported = done.stdout.splitlines()
    assert "load() first" in unloaded
    kind, shape, digits, sums = json.loads(answer)
    assert ("ndarray" in kind, shape, digits[0]) == (True, [2, 10], 5)
    assert sums == pytest.approx([1, 1])
    names, tags = json.loads(about)
    assert names == [f"class:{k}" for k in range(10)]
    assert tags == tags_of(sk_mnist)
    assert len(wrongs) == len(WRONG_ROWS) + 4
    for name, message in map(json.loads, wrongs):
        assert name == "BadInput"
        assert SHAPE in message
    assert imported == "False False"


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"MODEL_DIR": ""}, "MODEL_DIR is not set"),
        ({"MODEL_DIR": "/nowhere"}, "/nowhere/version.json"),
        ({"MODEL_THREADS": "two"}, "MODEL_THREADS is 'two'; expected a whole number of at least 1"),
        ({"cut": "1"}, "model.onnx is cut or not the file that version.json is about"),
    ],
)
def test_a_model_that_cannot_be_loaded(
    sk_mnist: Path, runtime: Path, tmp_path: Path, env: dict[str, str], message: str
) -> None:
    """Always a RuntimeError, the one kind that Seldon's wrapper lets end the process."""
    folder = tmp_path / "version"
    folder.mkdir()
    for file in sk_mnist.iterdir():
        content = file.read_bytes()
        (folder / file.name).write_bytes(
            content[:-9] if "cut" in env and file.name == "model.onnx" else content
        )
    code = "from models.sk_mnist.predict import Model; Model().load()"
    done = run(runtime, "-c", code, **{"MODEL_DIR": folder, **env})
    assert f"RuntimeError: The model cannot be loaded: {message}"[:40] in done.stderr
    assert message in done.stderr


METRICS = """
import json
from models.sk_mnist.predict import Model
from seldon_core.metrics import SeldonMetrics
from seldon_core.wrapper import get_rest_microservice
kept = SeldonMetrics()
get_rest_microservice(Model(), kept)
kept.update([], "predict")
print(json.dumps(len(kept.data)))
kept.update([{"type": "COUNTER", "key": "seen", "value": 2}], "predict")
print(json.dumps([value["value"] for worker in kept.data.values() for value in worker.values()]))
"""


def test_metrics_cost_those_who_have_some(runtime: Path) -> None:
    """A request without metrics of its own never asks the process that adds them up; others still count."""
    done = run(runtime, "-c", METRICS)
    assert done.stdout.splitlines() == ["0", "[2]"], done.stderr


@pytest.fixture(scope="module")
def server(sk_mnist: Path, runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(runtime, "sk_mnist", sk_mnist, tmp_path_factory.mktemp("served") / "log.txt") as server:
        yield server


def test_the_example_request_is_answered(server: Server, sk_mnist: Path) -> None:
    """With ten named probabilities, the image and which model it was."""
    status, answer = server.ask(REQUEST)
    assert status == 200
    assert answer["data"]["names"] == [f"class:{k}" for k in range(10)]
    [probabilities] = answer["data"]["ndarray"]
    assert max(range(10), key=probabilities.__getitem__) == 5
    assert answer["meta"]["tags"] == tags_of(sk_mnist)
    assert answer["meta"]["requestPath"] == {"sk-mnist": "sk_mnist:test"}


def test_a_tensor_is_answered_with_a_tensor(server: Server) -> None:
    """The other form of the same rows, as Seldon has it."""
    status, answer = server.ask({"data": {"tensor": {"shape": [2, 784], "values": ROW + BLANK}}})
    assert (status, answer["data"]["tensor"]["shape"]) == (200, [2, 10])


@pytest.mark.parametrize("rows", WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_wrong_rows_are_the_clients_mistake(server: Server, rows: object) -> None:
    """HTTP 400 in Seldon's own form of an error, with what was expected."""
    status, answer = server.ask(ndarray(rows))
    assert status == 400
    assert answer["status"]["reason"] == "MICROSERVICE_BAD_DATA"
    assert "784 numbers in 0..1" in answer["status"]["info"]


@pytest.mark.parametrize(
    "body",
    [
        {"strData": "a"}, {"binData": "YQ=="}, {"binData": "a"}, {"jsonData": {"a": 1}},
        {}, [], 5, "a", None, {"data": 5}, {"data": None}, {"data": "ndarray"}, {"data": {}},
        ndarray(None), ndarray(5), ndarray("a"),
        {"data": {"tensor": {"shape": [1, 783], "values": BLANK}}}, {"data": {"tensor": {"values": BLANK}}},
        {"data": {"tensor": 5}}, {"data": {"tftensor": {}}}, {"meta": 5, **ndarray([BLANK])}, b"{", b"\xff",
    ],
    ids=lambda body: str(body)[:40],
)  # fmt: skip
def test_wrong_bodies_are_the_clients_mistake(server: Server, body: object) -> None:
    """Also where the wrapper itself would have answered with a 500."""
    status, answer = server.ask(body)
    assert status == 400
    assert answer["status"]["info"]


def test_wrong_calls_keep_their_status(server: Server) -> None:
    """A wrong path or method is a 405, not the wrapper's 500; a body that is not said to be JSON a 415."""
    assert server.ask(REQUEST, path="/predictions")[0] == 405
    assert server.ask(json.dumps(REQUEST).encode(), kind="text/plain")[0] == 415


def test_it_still_answers_after_all_that(server: Server) -> None:
    """No wrong request has harmed the process."""
    assert server.ask(REQUEST)[0] == 200


def test_workers_and_threads(sk_mnist: Path, runtime: Path, tmp_path: Path) -> None:
    """Two workers with a session each, two threads: answers come, and SIGTERM ends every process."""
    more = {"GUNICORN_WORKERS": "2", "GUNICORN_THREADS": "2", "MODEL_THREADS": "2"}
    with served(runtime, "sk_mnist", sk_mnist, tmp_path / "log.txt", **more) as server:
        assert {server.ask(REQUEST)[0] for _ in range(8)} == {200}
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(20)
        end = time.monotonic() + 10
        while alive(server.process.pid) and time.monotonic() < end:
            time.sleep(0.1)
        assert not alive(server.process.pid)


def test_a_server_without_its_model_ends(runtime: Path, tmp_path: Path) -> None:
    """It does not come up "healthy" with nothing to serve."""
    with (
        pytest.raises(RuntimeError, match="The model cannot be loaded"),
        served(runtime, "sk_mnist", tmp_path / "none", tmp_path / "log.txt"),
    ):
        pass


def test_the_wrapper_is_the_last_apache_licensed_one(runtime: Path) -> None:
    """seldon-core 1.17.1; from 1.18 on its licence forbids production use."""
    code = "import importlib.metadata as i; m = i.metadata('seldon-core'); print(m['Version'], m['License'])"
    assert run(runtime, "-c", code).stdout == "1.17.1 Apache 2.0\n"


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
