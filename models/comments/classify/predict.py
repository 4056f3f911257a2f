"""Sparse rows in, probabilities of the two classes out: the last node of the chain."""

from pathlib import Path
from typing import Any

import numpy as np

from models.comments.classify import logistic
from models.contract.version import Version
from models.runtimes.bad_input import BadInput
from models.runtimes.served import Served, kind_of

EXPECTED = (
    'expected what the node before it sends: {"size": ..., "rows": [{"columns": [...], "values": [...]}]}.'
)


class Model(Served):
    form = '{"jsonData": {"size": ..., "rows": [{"columns": [...], "values": [...]}, ...]}}'

    def open(self, folder: Path, found: Version) -> None:
        self._classifier = logistic.load(folder / logistic.FILE)

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """[n, 2]: probability that it is kept, and that it is removed. Raises BadInput."""
        rows = _rows(X, len(self._classifier.weights))
        # Of objects: numbers alone the wrapper would answer as a tensor, as nothing but jsonData was asked.
        return np.array([self._classifier.probabilities(row) for row in rows], dtype=object)

    def class_names(self) -> list[str]:
        return list(logistic.CLASSES)

    def tags(self) -> dict[str, str]:
        """Besides: from which probability of `removed` on the comment is called that."""
        return {**super().tags(), "threshold": f"{self._classifier.threshold:g}"}


def _rows(X: Any, size: int) -> list[logistic.Sparse]:
    if not isinstance(X, dict) or not isinstance(X.get("rows"), list) or not X["rows"]:
        raise BadInput(f"The request holds {kind_of(X)}; {EXPECTED}")
    if X.get("size") != size:
        raise BadInput(f"The rows have {X.get('size')!r} columns; expected {size}, of the same version.")
    return [_row(row, size) for row in X["rows"]]


def _row(row: Any, size: int) -> logistic.Sparse:
    columns, values = (row.get(part) for part in ("columns", "values")) if isinstance(row, dict) else (0, 0)
    if not (isinstance(columns, list) and isinstance(values, list) and len(columns) == len(values)):
        raise BadInput(f"A row is {row!r:.60}; {EXPECTED}")
    if not all(type(column) is int for column in columns) or not all(type(v) in (int, float) for v in values):
        raise BadInput(f"A row holds something else than numbers: {row!r:.60}; {EXPECTED}")
    if columns and not 0 <= min(columns) <= max(columns) < size:
        raise BadInput(f"A row has columns {min(columns)} to {max(columns)}; expected 0 to {size - 1}.")
    return columns, values
