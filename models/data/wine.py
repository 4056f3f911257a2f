"""Red wines in, eleven measurements of each and its quality out: 1,599 rows, 240 of them copies of others.

Sources in order: rows that `models.wine.preprocess` has checked (WINE_PARQUET), the file WINE_CSV, the cache,
the mirrors (WINE_MIRRORS); the known file is checked against its sha256.
"""

import csv
import io
import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from models.contract.errors import ModelError
from models.data import download
from models.data.download import sha256

if TYPE_CHECKING:
    import numpy as np

FILE = "winequality-red.csv"
SHA256 = "4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e"
MIRRORS = (
    "https://archive.ics.uci.edu/ml/machine-learning-databases/wine-quality",
    "https://raw.githubusercontent.com/Barteus/kubeflow-examples/main/e2e-wine-kfp-mlflow",
)
# What a row may hold: wider than what has been seen, narrow enough that a shifted column or another unit is
# noticed. Grams or milligrams a litre, but for density (g/ml), pH and alcohol (% by volume).
RANGES = {
    "fixed_acidity": (0, 30),
    "volatile_acidity": (0, 5),
    "citric_acid": (0, 5),
    "residual_sugar": (0, 100),
    "chlorides": (0, 2),
    "free_sulfur_dioxide": (0, 400),
    "total_sulfur_dioxide": (0, 600),
    "density": (0.9, 1.1),
    "ph": (2, 5),
    "sulphates": (0, 5),
    "alcohol": (5, 20),
    "quality": (0, 10),
}
TARGET = "quality"
FEATURES = tuple(name for name in RANGES if name != TARGET)
SPLITS = ("honest", "example")
LEAST = 40  # rows, to learn from and to be judged by
_MOST_FAULTS = 5  # that a message lists


@dataclass(frozen=True)
class Wines:
    """Rows of FEATURES with their quality, split into those to learn from and those to test.

    honest drops copies first, so that no test row has been learned. example is the split of the public
    example, over all rows: in the known file 95 of its 400 test rows are copies of rows that are learned.
    """

    rows: "np.ndarray"  # float32 [n, 11]
    qualities: "np.ndarray"  # float32 [n]
    sha256: str  # of the CSV that they were read from
    split: str = "honest"
    split_seed: int = 0

    features = FEATURES

    @cached_property
    def parts(self) -> "tuple[np.ndarray, np.ndarray]":
        """Numbers of the rows to learn from, and of the test rows: a quarter of each quality."""
        import numpy as np
        from sklearn.model_selection import train_test_split

        whole = np.column_stack([self.rows, self.qualities])
        kept, seed = np.arange(len(whole)), 1337
        if self.split == "honest":
            kept, seed = np.sort(np.unique(whole, axis=0, return_index=True)[1]), self.split_seed
        if len(kept) < LEAST:
            raise ModelError(f"There are {len(kept)} different wines; expected at least {LEAST}.")
        strata = self.qualities[kept] if min(Counter(self.qualities[kept].tolist()).values()) > 1 else None
        learned, test = train_test_split(kept, test_size=0.25, random_state=seed, stratify=strata)
        return learned, test

    @property
    def copies(self) -> int:
        """How many test rows are copies of rows that are learned."""
        learned, test = self.parts
        known = set(map(bytes, self.rows[learned]))
        return sum(bytes(row) in known for row in self.rows[test])

    @property
    def x_train(self) -> "np.ndarray":
        return self.rows[self.parts[0]]

    @property
    def y_train(self) -> "np.ndarray":
        return self.qualities[self.parts[0]]

    @property
    def x_test(self) -> "np.ndarray":
        return self.rows[self.parts[1]]

    @property
    def y_test(self) -> "np.ndarray":
        return self.qualities[self.parts[1]]

    @property
    def name(self) -> str:
        """Bears the split: scores on two of them are no comparison."""
        file = "wine" if self.sha256 == SHA256 else f"wine-{self.sha256[:8]}"
        seed = f"-{self.split_seed}" if self.split == "honest" and self.split_seed else ""
        return f"{file}-{self.split}{seed}"

    @property
    def description(self) -> str:
        """`wine-honest (1019/340)`: goes with every score."""
        return f"{self.name} ({len(self.parts[0])}/{len(self.parts[1])})"


def load(*, cache: Path, split: str = "honest", split_seed: int = 0) -> Wines:
    """The wines of the first source that there is. Raises ModelError."""
    if split not in SPLITS:
        raise ModelError(f"split is {split!r}; expected one of {', '.join(SPLITS)}.")
    if prepared := os.environ.get("WINE_PARQUET"):
        return _prepared(Path(prepared), split, split_seed)
    content = known(cache)
    return wines(read(content), sha256(content), split, split_seed)


def wines(rows: Sequence[Sequence[float]], digest: str, split: str = "honest", seed: int = 0) -> Wines:
    """Rows in the order of RANGES."""
    import numpy as np

    made = np.asarray(rows, np.float32)
    return Wines(made[:, :-1].copy(), made[:, -1].copy(), digest, split, seed)


def known(cache: Path) -> bytes:
    """The known file: WINE_CSV, the cache, the mirrors. Raises ModelError."""
    own = "A file of your own is the parameter url of workflow wine."
    cure = "or WINE_MIRRORS to where there is one."
    return download.known("wine", FILE, SHA256, MIRRORS, cache=cache, own=own, cure=cure)


def read(content: bytes) -> list[tuple[float, ...]]:
    """Rows in the order of RANGES, of a CSV with `;` between columns. ModelError names each bad line."""
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
        header = [snake(name) for name in next(lines, [])]
        _check_header(header)
        rows, faults = [], []
        for line in lines:
            if not line:
                continue
            row, wrong = _row(header, line)
            faults += [f"line {lines.line_num}: {fault}" for fault in wrong]
            rows.append(row)
    except UnicodeDecodeError as error:
        raise ModelError(f"Byte {error.start} is no UTF-8; name the file's encoding.") from None
    except csv.Error as error:
        raise ModelError(f"line {lines.line_num} is not CSV: {error}.") from None
    if faults:
        more = f"\nand {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        raise ModelError("\n".join(faults[:_MOST_FAULTS]) + more)
    if len(rows) < LEAST:
        raise ModelError(f"The file has {len(rows)} wines; expected at least {LEAST}.")
    return rows


def snake(name: str) -> str:
    """A column's name as it is used: `fixed acidity` is fixed_acidity."""
    return "_".join(name.strip().lower().split())


def _check_header(header: Sequence[str]) -> None:
    counted = Counter(header)
    faults = [f"{name} is missing" for name in RANGES if name not in counted]
    faults += [f"{name!r} is not known" for name in counted if name not in RANGES]
    faults += [f"{name} is there {count} times" for name, count in counted.items() if count > 1]
    if len(header) == 1 and "," in header[0]:
        faults = ["it has ',' between its columns"]
    if faults:
        raise ModelError(
            f"line 1: {'; '.join(faults)}. Expected, with ';' between them: {', '.join(RANGES)}."
        )


def _row(header: Sequence[str], line: Sequence[str]) -> tuple[tuple[float, ...], list[str]]:
    """The row in the order of RANGES, and what is wrong with it."""
    if len(line) != len(header):
        return (), [f"{len(line)} columns; expected {len(header)}."]
    found, faults = dict(zip(header, line, strict=True)), []
    row = []
    for name, (low, high) in RANGES.items():
        try:
            value = float(found[name])
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            faults.append(f"{name} is {found[name]!r}; expected a number from {low} to {high}.")
        row.append(value)
    return tuple(row), faults


def _prepared(path: Path, split: str, seed: int) -> Wines:
    import numpy as np
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
        digest = (table.schema.metadata or {})[b"sha256"].decode("ascii")
        return wines(np.column_stack([table.column(name).to_numpy() for name in RANGES]), digest, split, seed)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error}. Has preprocess been run?") from None
    except (pyarrow.ArrowException, KeyError, ValueError) as error:
        raise ModelError(f"{path}: not what preprocess writes ({type(error).__name__}: {error}).") from None
