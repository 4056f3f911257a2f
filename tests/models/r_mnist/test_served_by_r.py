"""R trains, and its own server answers what Seldon's wrapper answers for a Python class; needs Rscript.

The same messages go to serve.R and to scikit-learn's unit. What is compared is the whole answer but the
probabilities, the values of the tags, and the words of an error.
"""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from models.contract import version
from tests.models.conftest import ROOT, python_of, train
from tests.models.serving import Server, free_ports, served

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.environments,
    pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R: make r"),
]
ROW = json.loads((ROOT / "models/r_mnist/request.json").read_text())["data"]["ndarray"][0]
ASKED = {"data": {"ndarray": [ROW]}}
TENSOR = {"shape": [1, 784], "values": ROW}
SERVE = ["Rscript", "--vanilla", "models/r_mnist/serve.R"]
NAMED = {"PREDICTIVE_UNIT_ID": "arm", "PREDICTIVE_UNIT_IMAGE": "digits:test"}
FORM = "application/x-www-form-urlencoded"
MESSAGES: dict[str, Any] = {
    "a row": ASKED,
    "two rows": {"data": {"names": ["x"], "ndarray": [ROW, ROW]}},
    "tensor": {"data": {"tensor": TENSOR}},
    "JSON": {"jsonData": [ROW]},
    "puid": {"meta": {"puid": "a1"}, **ASKED},
    "tags": {"meta": {"tags": {"from": "me"}}, **ASKED},
    "text": {"strData": "seven"},
    "bytes": {"binData": "eA=="},
    "two pixels": {"data": {"ndarray": [[1, 2]]}},
    "no list of rows": {"data": {"ndarray": ROW}},
    "bytes of pixels": {"data": {"ndarray": [[value * 255 for value in ROW]]}},
    "below 0": {"data": {"ndarray": [[-1] * 784]}},
    "words": {"data": {"ndarray": [["a"] * 784]}},
    "rows of two lengths": {"data": {"ndarray": [ROW, ROW[:3]]}},
    "no rows": {"data": {"ndarray": []}},
    "null": {"data": {"ndarray": [[None] * 784]}},
    "nothing": {},
    "a list": [1],
    "another shape": {"data": {"tensor": {**TENSOR, "shape": [2, 784]}}},
    "no JSON": b"{",
    "nobody": b"",
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small forest of the digits."""
    store = tmp_path_factory.mktemp("r-store")
    python = python_of("r_mnist/train.lock")
    done = train(python, "r_mnist", store, "--trees=20", "--share=0.5", dataset="digits")
    assert done.returncode == 0, done.stderr
    return store / "r_mnist" / "0.1"


@pytest.fixture(scope="module")
def by_r(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int]]:
    """serve.R as the image runs it, and the port of its metrics."""
    [metrics] = free_ports(1)
    log = tmp_path_factory.mktemp("r") / "log"
    told = {"MODEL_HOST": "127.0.0.1", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": str(metrics), **NAMED}
    python = python_of("r_mnist/train.lock")
    with served(python, "r_mnist", trained, log, argv=SERVE, **told) as server:
        yield server, metrics


@pytest.fixture(scope="module")
def by_wrapper(runtime: Path, sk_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("sk") / "log"
    with served(runtime, "sk_mnist", sk_mnist, log, **NAMED) as server:
        yield server


def shape(answer: Any) -> Any:
    """Of an answer: what does not depend on which model it is."""
    status, told = answer
    if "status" in told:
        return status, {**told["status"], "info": ""}
    data = dict(told["data"])
    if "ndarray" in data:
        data["ndarray"] = [len(row) for row in data["ndarray"]]
    if "tensor" in data:
        data["tensor"] = {**data["tensor"], "values": len(data["tensor"]["values"])}
    return status, data, {**told["meta"], "tags": sorted(told["meta"].get("tags", ()))}


def test_the_version_is_like_every_other(trained: Path) -> None:
    """Written by the contract: digest, score, what R it was; and good, for so few trees."""
    made = version.load(trained)
    assert (made.unit, made.decides) == ("r_mnist", ["forest.rds"]) and made.metric.value > 0.9
    assert made.details["versions"].keys() == {"R", "ranger"}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_answered_as_by_the_wrapper(
    name: str, by_r: tuple[Server, int], by_wrapper: Server
) -> None:
    body = MESSAGES[name]
    assert shape(by_r[0].ask(body)) == shape(by_wrapper.ask(body))


def test_its_probabilities_are_the_forests(by_r: tuple[Server, int], trained: Path) -> None:
    """One each of ten classes, 1 together; the tags say which version it was."""
    status, told = by_r[0].ask(ASKED)
    assert status == 200 and sum(told["data"]["ndarray"][0]) == pytest.approx(1)
    made = version.load(trained)
    named = {"model": "r_mnist", "version": "0.1", "dataset": made.data.description}
    assert told["meta"]["tags"] == {**named, "digest": f"sha256:{made.digest}"}


def test_forms_feedback_health_and_metrics(by_r: tuple[Server, int], by_wrapper: Server) -> None:
    server, metrics = by_r
    form = urlencode({"json": json.dumps(ASKED)}).encode()
    assert shape(server.ask(form, kind=FORM)) == shape(by_wrapper.ask(form, kind=FORM))
    feedback = {"request": ASKED, "reward": 1}
    told = [each.ask(feedback, path="/send-feedback") for each in (server, by_wrapper)]
    assert shape(told[0]) == shape(told[1])
    for path in ("/health/status", "/health/ping"):
        said = []
        for each in (server, by_wrapper):
            with urllib.request.urlopen(each.url + path, timeout=5) as answer:
                said.append((answer.status, answer.read().decode().strip()[:20].replace(" ", "")))
        assert said[0][0] == said[1][0] and ("pong" in said[0][1]) == ("pong" in said[1][1])
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("forest.rds", "is cut or not the file"),
        ("version.json", "version.json: "),
        ("", "MODEL_DIR is not set"),
    ],
)
def test_a_version_that_is_not_whole_is_not_served(
    spoilt: str, said: str, trained: Path, tmp_path: Path
) -> None:
    """It ends at once, and its last words say why."""
    shutil.copytree(trained, tmp_path / "v")
    if spoilt:
        (tmp_path / "v" / spoilt).write_bytes((trained / spoilt).read_bytes()[:100])
    environment = {**os.environ, "MODEL_DIR": str(tmp_path / "v") if spoilt else ""}
    done = subprocess.run(
        SERVE, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and said in done.stderr
