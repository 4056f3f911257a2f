"""Training by the real command line: what a version holds, and when there is none."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.models.conftest import run, train
from tests.models.toy import copy_of_models, toy_model

pytestmark = pytest.mark.environments

DRAWINGS = {"training_curve.png", "confusion_matrix.png"}
FILES = {"model.onnx", "metrics.json", "lineage.json", "samples.json.gz"} | DRAWINGS


def test_a_version_holds_all_that_is_known_of_it(sk_mnist: Path, store: Path) -> None:
    """Metrics of ten classes, lineage, drawings, and the two files that Argo reads outputs from."""
    assert {path.name for path in sk_mnist.iterdir()} == FILES
    metrics = json.loads((sk_mnist / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.97
    assert (metrics["model"], metrics["version"], metrics["seed"]) == ("sk_mnist", "0.1", 0)
    assert (metrics["dataset"], metrics["dataset_name"]) == ("digits (1437/360)", "digits")
    assert (metrics["train_rows"], metrics["test_rows"]) == (1437, 360)
    matrix = metrics["confusion_matrix"]
    assert sum(map(sum, matrix)) == 360
    assert metrics["accuracy"] == pytest.approx(sum(matrix[k][k] for k in range(10)) / 360)
    eight = metrics["per_class"]["class:8"]
    assert eight["rows"] == sum(matrix[8])
    assert eight["recall"] == pytest.approx(matrix[8][8] / sum(matrix[8]), abs=1e-4)
    assert eight["precision"] == pytest.approx(matrix[8][8] / sum(row[8] for row in matrix), abs=1e-4)
    assert len(metrics["curve"]) == metrics["params"]["epochs"]
    assert {"python", "scikit-learn", "onnx"} <= metrics["versions"].keys()
    lineage = json.loads((sk_mnist / "lineage.json").read_text())
    assert lineage["params"] == metrics["params"]
    assert len(lineage["data_sha256"]) == len(lineage["code_sha256"]) == 64
    for name in DRAWINGS:
        assert (sk_mnist / name).read_bytes().startswith(b"\x89PNG")


def test_samples_are_what_a_client_sends(sk_mnist: Path) -> None:
    """Every test row, rounded, in 0..1, with its label."""
    samples = json.loads(gzip.decompress((sk_mnist / "samples.json.gz").read_bytes()))
    assert (len(samples["rows"]), len(samples["labels"]), len(samples["names"])) == (360, 360, 784)
    values = {value for row in samples["rows"] for value in row}
    assert (min(values), max(values)) == (0, 1)
    assert all(value == round(value, 4) for value in values)
    assert samples["dataset"] == "digits (1437/360)"


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
    version = tmp_path / "toy/0.1"
    assert {path.name for path in version.iterdir()} == FILES
    before = (version / "model.onnx").stat().st_mtime_ns
    (tmp_path / "accuracy").unlink()

    done = train(trainer, "toy", tmp_path, root=toy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"kept: {version} is there already, made of the same params, data and code")
    assert "test accuracy" not in done.stdout
    assert (version / "model.onnx").stat().st_mtime_ns == before
    metrics = json.loads((version / "metrics.json").read_text())
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics
    assert float((tmp_path / "accuracy").read_text()) == pytest.approx(metrics["accuracy"], abs=1e-4)

    done = train(trainer, "toy", tmp_path, "--rows=300", root=toy)
    assert done.returncode == 1
    assert "toy/0.1 exists and is another model: params.rows is 200, now 300;" in done.stderr
    assert "Traceback" not in done.stderr
    done = train(trainer, "toy", tmp_path, "--rows=300", "--overwrite=true", root=toy, IMAGE="toy-trainer:7")
    assert done.returncode == 0, done.stderr
    lineage = json.loads((version / "lineage.json").read_text())
    assert (lineage["params"]["rows"], lineage["image"]) == (300, "toy-trainer:7")


def test_an_export_that_answers_otherwise_is_not_saved(toy: Path, trainer: Path, tmp_path: Path) -> None:
    """Probabilities that differ by more than 1e-4 from the trained model's: status 1 and no version."""
    root = tmp_path / "root"
    shutil.copytree(toy, root)
    code = root / "models/toy/train.py"
    right, wrong = "job.save(build(weights, bias)", "job.save(build(weights, bias + np.float32([0, 1e-2]))"
    assert right in code.read_text()
    code.write_text(code.read_text().replace(right, wrong))
    done = train(trainer, "toy", tmp_path, root=root)
    assert done.returncode == 1
    assert "from the trained model's on 100 rows; expected at most 0.0001. Nothing was saved." in done.stderr
    assert list((tmp_path / "toy").iterdir()) == []


SEEN = """
import hashlib, json, sys, types
from pathlib import Path
from models import job, spec
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
        module.main(job.from_arguments(spec.read(spec.MODELS / name), ["--dataset=digits"]))
    except Seen as seen:
        print(json.dumps(seen.args))
"""


def test_both_models_train_on_the_same_scale(trainer: Path, sk_mnist: Path, tmp_path: Path) -> None:
    """The rows that reach either model's train() are the very same: float32, from 0 to 1, as samples are."""
    done = run(trainer, "-c", SEEN, MODEL_STORE=tmp_path)
    seen = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(seen) == 2, done.stderr
    assert seen[0] == seen[1]
    assert seen[0][:4] == [[1437, 784], "float32", 0, 1]
