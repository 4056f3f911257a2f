"""Training by the real command line: what a version holds, and when there is none."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from models.contract import version
from models.contract.metric import SCORES
from tests.models.conftest import TRAINING, run, train
from tests.models.toy import copy_of_models, toy_model

pytestmark = pytest.mark.environments

DRAWINGS = {"training_curve.png", "confusion_matrix.png"}
FILES = {"model.onnx", "version.json", "samples.json.gz", "training.json.gz", "charts.json"} | DRAWINGS


def test_a_version_holds_all_that_is_known_of_it(sk_mnist: Path, store: Path) -> None:
    """version.json of ten classes, its files with their sums, drawings, and what Argo reads outputs from."""
    assert {path.name for path in sk_mnist.iterdir()} == FILES
    made = version.load(sk_mnist)
    assert made.files.keys() == FILES - {"version.json"}
    assert made.decides == ["model.onnx"]
    assert made.digest == version.digest(made.files, ["model.onnx"])
    assert (made.metric.name, made.metric.better) == ("accuracy", "higher")
    assert made.metric.value > 0.97
    assert made.scores.keys() == {"log_loss", "auc", "f1"}
    assert (made.unit, made.version, made.params["seed"]) == ("sk_mnist", "0.1", 0)
    assert (made.data.name, made.data.description) == ("digits", "digits (1437/360)")
    assert made.data.rows == {"train": 1437, "test": 360}
    matrix = made.details["confusion_matrix"]
    assert sum(map(sum, matrix)) == 360
    assert made.metric.value == pytest.approx(sum(matrix[k][k] for k in range(10)) / 360)
    eight = made.details["per_class"]["class:8"]
    assert eight["rows"] == sum(matrix[8])
    assert eight["recall"] == pytest.approx(matrix[8][8] / sum(matrix[8]), abs=1e-4)
    assert eight["precision"] == pytest.approx(matrix[8][8] / sum(row[8] for row in matrix), abs=1e-4)
    assert len(made.curve) == made.params["epochs"]
    assert {"python", "scikit-learn", "onnx"} <= made.versions.keys()
    assert len(made.data.sha256) == len(made.code) == 64
    for name in DRAWINGS:
        assert (sk_mnist / name).read_bytes().startswith(b"\x89PNG")
    drawn = [(one["kind"], one["title"]) for one in json.loads((store / "charts").read_text())]
    assert drawn == [
        ("line", "loss by epoch"), ("line", "accuracy by epoch"), ("matrix", "Predicted and true classes"),
    ]  # fmt: skip
    assert (store / "metric").read_text() == made.metric.text
    assert (store / "version").read_text() == (sk_mnist / "version.json").read_text()


def test_samples_are_what_a_client_sends(sk_mnist: Path) -> None:
    """Every test row in 0..1 with its truth and what the version answers to it: the metric is in them."""
    samples = json.loads(gzip.decompress((sk_mnist / "samples.json.gz").read_bytes()))
    assert (len(samples["rows"]), len(samples["truth"]), len(samples["names"])) == (360, 360, 784)
    values = {value for row in samples["rows"] for value in row}
    assert (min(values), max(values)) == (0, 1)
    assert all(value == float(f"{value:.6g}") for value in values)
    assert samples["dataset"] == "digits (1437/360)"
    assert samples["tolerance"] == 1e-3
    assert {len(answer) for answer in samples["answers"]} == {10}
    accuracy = SCORES["accuracy"].compute(samples["answers"], samples["truth"])
    assert accuracy == pytest.approx(version.load(sk_mnist).metric.value, abs=0.003)


def test_some_training_rows_are_kept_as_a_client_would_send_them(sk_mnist: Path) -> None:
    """Of 1,437 a thousand, with the names that the test rows have: drift is measured by them."""
    training, samples = (
        json.loads(gzip.decompress((sk_mnist / f"{name}.json.gz").read_bytes()))
        for name in ("training", "samples")
    )
    assert (len(training["rows"]), training["names"]) == (1000, samples["names"])
    assert training["dataset"] == samples["dataset"]
    assert {len(row) for row in training["rows"]} == {784}
    assert not {tuple(row) for row in training["rows"]} & {tuple(row) for row in samples["rows"]}


KEPT = """
import gzip, json, sys
from pathlib import Path
import numpy as np
from models.contract import samples
for number, (rows, names) in enumerate([
    (np.arange(20.0).reshape(5, 2, 2), ["a", "b"]),
    (np.array([[1.0, np.nan], [1 / 3, 2]]), ["a", "b"]),
    (["a text", "another"], None),
]):
    file = Path(sys.argv[1], str(number))
    samples.write_training(file, rows, names, "d")
    told = json.loads(gzip.decompress(file.read_bytes())) if file.exists() else {}
    print(json.dumps([told.get("names"), told.get("rows")]))
"""


def test_training_rows_of_any_form(trainer: Path, tmp_path: Path) -> None:
    """An image is its pixels, a missing value is null, and of text nothing is kept."""
    done = run(trainer, "-c", KEPT, tmp_path)
    assert done.returncode == 0, done.stderr
    image, holes, text = map(json.loads, done.stdout.splitlines())
    assert image[0] == ["x0", "x1", "x2", "x3"] and image[1][1] == [4, 5, 6, 7]
    assert holes == [["a", "b"], [[1, None], [0.333333, 2]]]
    assert text == [None, None]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of models/ whose only model is a toy."""
    root = tmp_path_factory.mktemp("toy")
    toy_model(copy_of_models(root))
    return root


def test_a_new_folder_is_all_that_a_model_needs(toy: Path, trainer: Path, tmp_path: Path) -> None:
    """A toy with other data, features and classes is trained; again, it is kept; other params are refused."""
    done = train(trainer, "toy", tmp_path, root=toy)
    assert done.returncode == 0, done.stderr
    assert "test accuracy" in done.stdout
    folder = tmp_path / "toy/0.1"
    assert {path.name for path in folder.iterdir()} == FILES
    before = (folder / "model.onnx").stat().st_mtime_ns
    (tmp_path / "metric").unlink()

    done = train(trainer, "toy", tmp_path, root=toy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"kept: {folder} is there already, made of the same params, data and code")
    assert "test accuracy" not in done.stdout
    assert (folder / "model.onnx").stat().st_mtime_ns == before
    assert (tmp_path / "version").read_text() == (folder / "version.json").read_text()
    assert (tmp_path / "metric").read_text() == version.load(folder).metric.text

    done = train(trainer, "toy", tmp_path, "--rows=300", root=toy)
    assert done.returncode == 1
    assert "toy/0.1 exists and is another version: params.rows is 200, now 300;" in done.stderr
    assert "Traceback" not in done.stderr
    done = train(trainer, "toy", tmp_path, "--rows=300", "--overwrite=true", root=toy, IMAGE="toy-trainer:7")
    assert done.returncode == 0, done.stderr
    made = version.load(folder)
    assert (made.params["rows"], made.image) == (300, "toy-trainer:7")


def test_an_export_that_answers_otherwise_is_not_saved(toy: Path, trainer: Path, tmp_path: Path) -> None:
    """Probabilities that differ by more than 1e-4 from the trained model's: status 1 and no version."""
    root = tmp_path / "root"
    shutil.copytree(toy, root)
    code = root / "models/toy/train.py"
    right, wrong = "packed(build(weights, bias)", "packed(build(weights, bias + np.float32([0, 1e-2]))"
    assert right in code.read_text()
    code.write_text(code.read_text().replace(right, wrong))
    done = train(trainer, "toy", tmp_path, root=root)
    assert done.returncode == 1
    assert "from what was trained on 100 rows; expected at most 0.0001. Nothing was saved." in done.stderr
    assert list((tmp_path / "toy").iterdir()) == []


SEEN = """
import hashlib, json, sys, types
from pathlib import Path
from models.contract import flags, spec
from models.sk_mnist import train as sk
from models.tf_mnist import train as tf

class Seen(Exception):
    pass

def look(model, data, *_, **__):
    rows = data.x_train
    digest = hashlib.sha256(rows).hexdigest()
    raise Seen(rows.shape, str(rows.dtype), float(rows.min()), float(rows.max()), digest)

# TensorFlow itself has no say in what reaches it.
tf.start = tf.build = lambda *_: None
sys.modules["models.tf_mnist.convert"] = types.SimpleNamespace(convert=None)
for module, name in ((sk, "sk_mnist"), (tf, "tf_mnist")):
    module.train = look
    try:
        module.main(flags.job(spec.read(spec.MODELS / name), "-", ["--dataset=digits"]))
    except Seen as seen:
        print(json.dumps(seen.args))
"""


def test_both_models_train_on_the_same_scale(trainer: Path, sk_mnist: Path, tmp_path: Path) -> None:
    """The rows that reach either model's train() are the very same: float32, from 0 to 1, as samples are."""
    done = run(trainer, "-c", SEEN, libraries=TRAINING, MODEL_STORE=tmp_path)
    seen = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(seen) == 2, done.stderr
    assert seen[0] == seen[1]
    assert seen[0][:4] == [[1437, 784], "float32", 0, 1]
