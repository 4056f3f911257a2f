"""The MNIST digits in, arrays of 0..1 out: where the files come from, whether they are right, the split.

Sources in order: the folder MNIST_DIR, the cache, the mirrors (MNIST_MIRRORS). Every file is checked against
its sha256 before use. Where MNIST is out of reach, scikit-learn's own small digits can take its place; every
data set here has the same shape and scale, so a model trained on one can be served the others' rows.
"""

import gzip
import hashlib
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.contract.errors import ModelError
from models.data.download import Absent, Unavailable, fetch, named, sha256

CHOICES = ("auto", "mnist", "digits")
TRAIN = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
T10K = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
SHA256 = {
    TRAIN[0]: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    TRAIN[1]: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    T10K[0]: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    T10K[1]: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)


@dataclass(frozen=True)
class Dataset:
    """Rows of 784 float32 in 0..1 with their labels 0..9, in a training and a test part."""

    name: str  # mnist, mnist-t10k or digits
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    sha256: str  # of what the arrays were made of

    @property
    def description(self) -> str:
        """`mnist-t10k (8000/2000)`: goes with every accuracy."""
        return f"{self.name} ({len(self.x_train)}/{len(self.x_test)})"

    def part(self, share: float) -> "Dataset":
        """With the first of the training rows alone; tested on are the same rows."""
        rows = round(len(self.x_train) * share)
        return replace(self, x_train=self.x_train[:rows], y_train=self.y_train[:rows])


def load(dataset: str = "auto", *, cache: Path) -> Dataset:
    """The data set a user asked for; `auto` is MNIST or, loudly, the digits. Raises ModelError."""
    if dataset not in CHOICES:
        raise ModelError(f"dataset is {dataset!r}; expected one of {', '.join(CHOICES)}.")
    if dataset == "digits":
        return digits()
    try:
        return _mnist(_files(cache))
    except Unavailable as error:
        if dataset == "mnist":
            raise ModelError(f"{error}\nSet MNIST_DIR, or use the data set digits.") from None
        print(f"WARNING: {error}", file=sys.stderr)
        print(
            "WARNING: MNIST is out of reach: scikit-learn's digits are used instead.",
            file=sys.stderr,
            flush=True,
        )
        return digits()


def digits() -> Dataset:
    """scikit-learn's 1,797 digits of 8x8 pixels, each pixel drawn as 3x3 inside 28x28."""
    from sklearn.datasets import load_digits

    small = load_digits()
    scaled = (small.images / 16).astype(np.float32)  # its pixels are 0..16
    rows = np.pad(np.kron(scaled, np.ones((1, 3, 3), np.float32)), ((0, 0), (2, 2), (2, 2))).reshape(-1, 784)
    labels = small.target.astype(np.int64)
    return _split("digits", rows, labels, digest=sha256(rows.tobytes() + labels.tobytes()))


def _mnist(files: dict[str, bytes]) -> Dataset:
    arrays = {name: _idx(packed) for name, packed in files.items()}
    digest = sha256("\n".join(f"{name} {SHA256[name]}" for name in sorted(files)).encode())
    if TRAIN[0] in arrays:
        x_train, y_train, x_test, y_test = (arrays[name] for name in TRAIN + T10K)
        return Dataset("mnist", x_train, y_train, x_test, y_test, sha256=digest)
    return _split("mnist-t10k", *(arrays[name] for name in T10K), digest=digest)


def _split(name: str, rows: np.ndarray, labels: np.ndarray, *, digest: str) -> Dataset:
    """Four fifths to train on, in the same order on every machine."""
    order = np.random.RandomState(0).permutation(len(rows))
    train, test = order[: len(rows) * 4 // 5], order[len(rows) * 4 // 5 :]
    return Dataset(name, rows[train], labels[train], rows[test], labels[test], sha256=digest)


def _idx(packed: bytes) -> np.ndarray:
    """An idx file of images as [n, 784] float32 in 0..1, one of labels as [n] int64."""
    raw = gzip.decompress(packed)
    if raw[3] == 1:
        return np.frombuffer(raw, np.uint8, offset=8).astype(np.int64)
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / np.float32(255)


def _files(cache: Path) -> dict[str, bytes]:
    """The packed files by name: both pairs, or the t10k pair where the source has no training pair."""
    given = os.environ.get("MNIST_DIR")
    if given:
        return _given(Path(given))
    mirrors = named("MNIST_MIRRORS", MIRRORS)
    broken: set[str] = set()  # mirrors that did not answer at all: asked once, not once a file

    def pair(names: tuple[str, str]) -> dict[str, bytes]:
        return {name: fetch(name, SHA256[name], cache / "mnist", mirrors, broken) for name in names}

    try:
        files = pair(T10K)
    except Absent as error:
        raise Unavailable(str(error)) from None
    try:
        return files | pair(TRAIN)
    except Absent:
        print("MNIST: the source has no training pair: 8,000 of t10k's rows train, 2,000 test.", flush=True)
        return files


def _given(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise ModelError(
            f"MNIST_DIR is '{folder}', which is no folder; expected one that has the files of MNIST."
        )
    there = [name for name in T10K + TRAIN if (folder / name).is_file()]
    needed = T10K + TRAIN if any(name in there for name in TRAIN) else T10K
    files, faults = {}, [f"{folder / name}: not there." for name in needed if name not in there]
    for name in there:
        files[name] = (folder / name).read_bytes()
        found = hashlib.sha256(files[name]).hexdigest()
        if found != SHA256[name]:
            faults.append(
                f"{folder / name}: cut or not MNIST's: {len(files[name])} bytes, sha256 {found[:12]}...;"
                f" expected {SHA256[name][:12]}...."
            )
    if faults:
        raise ModelError(
            "\n".join([*faults, "MNIST_DIR must have the four files of MNIST, or the t10k pair."])
        )
    return files
