"""The data sets: the right files from the right place, one shape and one scale."""

import gzip
import hashlib
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.models.conftest import TRAINING, run

pytestmark = pytest.mark.environments

# Small stand-ins for MNIST's four files; the script below is told their digests instead of the real ones.
ROWS = {"train": 50, "t10k": 20}
SCRIPT = """
import json, sys
from pathlib import Path
from models.data import download, mnist
from models.contract.errors import ModelError
mnist.SHA256.update(json.loads(sys.argv[1]))
download.TIMEOUT = 2
try:
    data = mnist.load(sys.argv[2], cache=Path(sys.argv[3]))
except ModelError as error:
    sys.exit(str(error))
x = [data.x_train, data.x_test]
print(json.dumps({
    "description": data.description, "sha256": data.sha256,
    "shapes": [list(part.shape) for part in (*x, data.y_train, data.y_test)],
    "types": [str(part.dtype) for part in x], "low": float(min(part.min() for part in x)),
    "high": float(max(part.max() for part in x)), "labels": sorted(set(data.y_train.tolist())),
    "first": [data.x_test[0].tolist(), int(data.y_test[0])],
}))
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for part, rows in ROWS.items():
        pixels = bytes((row * 5 + column) % 256 for row in range(rows) for column in range(784))
        labels = bytes(row % 10 for row in range(rows))
        images = struct.pack(">4B3I", 0, 0, 8, 3, rows, 28, 28) + pixels
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images, mtime=0))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">4BI", 0, 0, 8, 1, rows) + labels, mtime=0)
        )
    return folder


@pytest.fixture
def load(files: Path, trainer: Path, tmp_path: Path) -> Callable[..., Any]:
    """mnist.load in the trainer's environment: its answer with what it `said` on stderr, or only that."""
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files.iterdir()}

    def call(dataset: str = "mnist", **env: object) -> Any:
        cache = tmp_path / "cache"
        done = run(trainer, "-c", SCRIPT, json.dumps(digests), dataset, cache, libraries=TRAINING, **env)
        assert "Traceback" not in done.stderr, done.stderr
        if done.returncode:
            return done.stderr
        return {**json.loads(done.stdout.splitlines()[-1]), "said": done.stderr}

    return call


def test_mnist_dir_with_all_files(load: Callable[..., Any], files: Path) -> None:
    """Both pairs: MNIST's own split, float32 in 0..1."""
    data = load(MNIST_DIR=files)
    assert data["description"] == "mnist (50/20)"
    assert data["shapes"] == [[50, 784], [20, 784], [50], [20]]
    assert (data["types"], data["low"], data["high"]) == (["float32"] * 2, 0, 1)
    assert data["first"][0][100] == pytest.approx(100 / 255)


def test_mnist_dir_with_the_t10k_pair(load: Callable[..., Any], files: Path) -> None:
    """Only t10k: four fifths of it train, by the published permutation, and the name says so."""
    for name in ("images-idx3", "labels-idx1"):
        (files / f"train-{name}-ubyte.gz").unlink()
    data = load(MNIST_DIR=files)
    assert data["description"] == "mnist-t10k (16/4)"
    # RandomState(0).permutation(20) ends in 3, 0, 15, 12: the first test row is row 3.
    assert (round(data["first"][0][0] * 255), data["first"][1]) == (3 * 5, 3)


def test_a_cut_file_is_named(load: Callable[..., Any], files: Path) -> None:
    """Even where auto could fall back: a folder that was given must be right."""
    name = "t10k-labels-idx1-ubyte.gz"
    (files / name).write_bytes((files / name).read_bytes()[:-3])
    for dataset in ("mnist", "auto"):
        assert f"files/{name}: cut or not MNIST's" in load(dataset, MNIST_DIR=files)


def test_a_missing_file_is_named(load: Callable[..., Any], files: Path, tmp_path: Path) -> None:
    """Half a pair is an error; so is a folder that is not there."""
    (files / "train-labels-idx1-ubyte.gz").unlink()
    assert "files/train-labels-idx1-ubyte.gz: not there" in load(MNIST_DIR=files)
    assert "which is no folder" in load(MNIST_DIR=tmp_path / "none")
    assert "t10k-images-idx3-ubyte.gz: not there" in load(MNIST_DIR=tmp_path)


def test_mirrors_fill_the_cache(load: Callable[..., Any], files: Path, tmp_path: Path) -> None:
    """file:// works; the first mirror is empty; then the cache alone is enough."""
    (tmp_path / "empty").mkdir()
    data = load(MNIST_MIRRORS=f"{(tmp_path / 'empty').as_uri()}, {files.as_uri()}/")
    assert data["description"] == "mnist (50/20)"
    again = load(MNIST_MIRRORS="http://127.0.0.1:9")
    assert (again["sha256"], again["said"]) == (data["sha256"], "")
    assert {path.name for path in (tmp_path / "cache/mnist").iterdir()} == {p.name for p in files.iterdir()}


def test_a_mirror_without_the_training_pair(load: Callable[..., Any], files: Path) -> None:
    """It says that it has none: t10k is split. A mirror that does not answer is no reason to."""
    for name in ("images-idx3", "labels-idx1"):
        (files / f"train-{name}-ubyte.gz").unlink()
    assert load(MNIST_MIRRORS=files.as_uri())["description"] == "mnist-t10k (16/4)"
    down = load(MNIST_MIRRORS=f"{files.as_uri()} http://127.0.0.1:9")
    assert "127.0.0.1:9/train-images-idx3-ubyte.gz" in down


def test_out_of_reach(load: Callable[..., Any], files: Path) -> None:
    """mnist is an error with the cure; auto is the digits, loudly; a wrong file is never used."""
    (files / "t10k-images-idx3-ubyte.gz").write_bytes(b"an error page")
    assert "Set MNIST_DIR, or use the data set digits." in load(MNIST_MIRRORS=files.as_uri())
    data = load("auto", MNIST_MIRRORS=files.as_uri())
    assert data["description"] == "digits (1437/360)"
    assert "t10k-images-idx3-ubyte.gz: cut or wrong: 13 bytes" in data["said"]
    assert "WARNING: MNIST is out of reach: scikit-learn's digits are used instead." in data["said"]
    # and the digits look like MNIST: same shape, same type, same scale
    assert data["shapes"] == [[1437, 784], [360, 784], [1437], [360]]
    assert (data["types"], data["low"], data["high"]) == (["float32"] * 2, 0, 1)
    assert data["labels"] == list(range(10))


def test_an_unknown_data_set(load: Callable[..., Any]) -> None:
    """Says which there are."""
    assert load("fashion") == "dataset is 'fashion'; expected one of auto, mnist, digits.\n"


@pytest.mark.skipif("MNIST_DIR" not in os.environ, reason="MNIST_DIR is not set")
def test_the_real_files(trainer: Path, tmp_path: Path) -> None:
    """MNIST itself passes its checksums; t10k alone is 8,000 / 2,000."""
    done = run(trainer, "-c", SCRIPT, "{}", "mnist", tmp_path, MNIST_DIR=os.environ["MNIST_DIR"])
    data = json.loads(done.stdout)
    assert data["description"] in ("mnist (60000/10000)", "mnist-t10k (8000/2000)")
    assert (data["low"], data["high"]) == (0, 1)
