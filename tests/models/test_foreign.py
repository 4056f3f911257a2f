"""Units that have nothing in common with MNIST: one folder each, trained and served, nothing else touched."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.contract import version
from models.contract.metric import SCORES
from tests.models.conftest import train
from tests.models.serving import Server, served
from tests.models.toy import copy_of_models, new_unit

pytestmark = pytest.mark.environments

UNITS = {"sugar": "regression", "moods": "text"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of models/ whose only units are the foreign ones."""
    root = tmp_path_factory.mktemp("foreign")
    models = copy_of_models(root)
    for unit, kind in UNITS.items():
        new_unit(models, unit, kind)
    return root


@pytest.fixture(scope="module")
def trained(root: Path, trainer: Path) -> Path:
    """The store with a version of both."""
    for unit in UNITS:
        done = train(trainer, unit, root / "store", root=root)
        assert done.returncode == 0, done.stderr
    return root / "store"


def samples_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress((folder / "samples.json.gz").read_bytes()))
    return found


def test_a_regression_is_judged_by_its_error(trained: Path) -> None:
    """Less is better, floats stay floats, and what is drawn are values, not classes."""
    folder = trained / "sugar" / "0.1"
    made, samples = version.load(folder), samples_of(folder)
    assert (made.metric.name, made.metric.better) == ("rmse", "lower")
    assert 50 < made.metric.value < 60
    assert made.scores.keys() == {"mae", "r2"}
    assert made.files.keys() == {
        "model.onnx",
        "predicted.png",
        "samples.json.gz",
        "training.json.gz",
        "charts.json",
    }
    assert made.details == {}
    assert all(isinstance(value, float) for value in samples["truth"])
    assert {len(answer) for answer in samples["answers"]} == {1}
    found = SCORES["rmse"].compute(samples["answers"], samples["truth"])
    assert found == pytest.approx(made.metric.value, rel=1e-4)


def test_texts_are_rows(trained: Path) -> None:
    """The samples are the sentences themselves, without names of columns."""
    folder = trained / "moods" / "0.1"
    made, samples = version.load(folder), samples_of(folder)
    assert made.metric.value >= 0.8
    assert samples["names"] is None
    assert all(isinstance(row, str) and " " in row for row in samples["rows"])
    assert SCORES["accuracy"].compute(samples["answers"], samples["truth"]) == made.metric.value


def test_a_data_file_of_the_folder_is_part_of_the_version(trained: Path, root: Path, trainer: Path) -> None:
    """Other sentences are another version, before anything is trained."""
    file = root / "models/moods/sentences.txt"
    before = file.read_text()
    file.write_text(before.replace("dog", "cat"))
    done = train(trainer, "moods", trained, root=root)
    file.write_text(before)
    assert done.returncode == 1
    assert "its data are sentences (14/6), now sentences (14/6)" in done.stderr
    assert "the training code has changed since" in done.stderr


def test_a_metric_that_was_not_measured_is_an_error(root: Path, trainer: Path, tmp_path: Path) -> None:
    """A name that we have no score of has to come from the training; the message lists what came."""
    file = root / "models/sugar/model.yaml"
    before = file.read_text()
    file.write_text(before.replace("name: rmse", "name: regret"))
    done = train(trainer, "sugar", tmp_path, root=root)
    file.write_text(before)
    assert done.returncode == 1
    assert "sugar is judged by regret; the training measured nothing. Give it to save()" in done.stderr


def test_a_truth_that_is_no_class_is_an_error(root: Path, trainer: Path, tmp_path: Path) -> None:
    """Labels as words would be guessed at; it is said what was found, and what is expected."""
    file = root / "models/moods/train.py"
    before = file.read_text()
    words = "y_test=['bad' for _ in data.y_test]"
    file.write_text(
        before.replace(
            "    job.save(", f"    data = __import__('dataclasses').replace(data, {words})\n    job.save("
        )
    )
    done = train(trainer, "moods", tmp_path, root=root)
    file.write_text(before)
    assert done.returncode == 1
    assert "the answers are [6, 2] numbers, the truth [6] values, such as ['bad'];" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def servers(trained: Path, root: Path, runtime: Path) -> Iterator[dict[str, Server]]:
    with (
        served(runtime, "sugar", trained / "sugar/0.1", root / "sugar.log", root=root) as sugar,
        served(
            runtime, "moods", trained / "moods/0.1", root / "moods.log", root=root, MODEL_NODE_TAGS="true"
        ) as moods,
    ):
        yield {"sugar": sugar, "moods": moods}


@pytest.mark.parametrize("unit", UNITS)
def test_served_answers_are_those_of_the_samples(
    servers: dict[str, Server], trained: Path, unit: str
) -> None:
    """Every row, over HTTP: number for number."""
    samples = samples_of(trained / unit / "0.1")
    status, answer = servers[unit].ask({"data": {"ndarray": samples["rows"]}})
    assert status == 200
    for found, expected in zip(answer["data"]["ndarray"], samples["answers"], strict=True):
        assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("unit", "names"), [("sugar", ["progression"]), ("moods", ["bad", "good"])])
def test_the_example_request_is_answered(
    servers: dict[str, Server], root: Path, unit: str, names: list[str]
) -> None:
    """With the names that predict.py gives to the values."""
    status, answer = servers[unit].ask(json.loads((root / "models" / unit / "request.json").read_text()))
    assert (status, answer["data"]["names"]) == (200, names)
    assert answer["meta"]["tags"]["model"] == unit


def test_a_node_of_a_chain_has_tags_of_its_own(servers: dict[str, Server], trained: Path) -> None:
    """Asked for by MODEL_NODE_TAGS: in a chain, `version` and `digest` alone are those of the last node."""
    digest = f"sha256:{version.load(trained / 'moods/0.1').digest}"
    tags = servers["moods"].ask({"data": {"ndarray": ["good"]}})[1]["meta"]["tags"]
    assert {"moods.version": "0.1", "moods.digest": digest}.items() <= tags.items()
    plain = servers["sugar"].ask({"data": {"ndarray": [[0.1] * 10]}})[1]["meta"]["tags"]
    assert plain.keys() == {"model", "version", "dataset", "digest"}


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"ndarray": ["good"]}}, {"data": {"ndarray": [["good"]]}}, {"strData": "good"},
        {"data": {"names": ["text"], "ndarray": [["good"]]}}, {"data": {"ndarray": [""]}},
        {"data": {"ndarray": ["\u2603 \U0001f600 <b>&amp;</b>" * 5000]}},
    ],
    ids=lambda body: str(body)[:40],
)  # fmt: skip
def test_text_is_taken_as_people_send_it(servers: dict[str, Server], body: object) -> None:
    """A list, a column, one text alone; empty, long and any unicode."""
    status, answer = servers["moods"].ask(body)
    assert status == 200, answer
    data = answer["data"]
    values = data["ndarray"][0] if "ndarray" in data else data["tensor"]["values"]
    assert sum(values) == pytest.approx(1)


WRONG: dict[str, list[Any]] = {
    "sugar": [[], [[0.1] * 9], [["a"] * 10], [[None] * 10], [[1e400] * 10], [0.1] * 10, {"a": 1}],
    "moods": [[], [[1]], [["a", "b"]], [None], [[[]]], [{"text": "a"}], [1.5], 5],
}


@pytest.mark.parametrize(("unit", "rows"), [(unit, rows) for unit, wrong in WRONG.items() for rows in wrong])
def test_wrong_rows_are_the_clients_mistake(servers: dict[str, Server], unit: str, rows: object) -> None:
    """HTTP 400 with what was expected: so many numbers, or text."""
    status, answer = servers[unit].ask({"data": {"ndarray": rows}})
    assert status == 400
    assert {"sugar": "10 numbers", "moods": "text"}[unit] in answer["status"]["info"]
