"""Sparse rows in, the probability that a comment is removed out: a logistic regression with a threshold.

Learned are one weight a column, an intercept and the threshold. They are kept as JSON, like the columns
they belong to: loading runs no code, and a weight can be looked up beside its word.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.comments.stored import reading
from models.contract.errors import ModelError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Sparse = tuple[Sequence[int], Sequence[float]]

FILE = "classify.json"  # in a version
CLASSES = ("kept", "removed")
FOLDS = 5


@dataclass(frozen=True)
class Classifier:
    """A comment is called removed where its probability is above `threshold`."""

    weights: tuple[float, ...]
    intercept: float
    threshold: float

    def probability(self, row: Sparse) -> float:
        """That the comment is removed."""
        columns, values = row
        total = self.intercept + sum(self.weights[c] * v for c, v in zip(columns, values, strict=True))
        return 1 / (1 + math.exp(-total)) if total > -700 else 0.0

    def probabilities(self, row: Sparse) -> list[float]:
        """Of CLASSES, in their order."""
        removed = self.probability(row)
        return [1 - removed, removed]

    @property
    def text(self) -> str:
        """What `load` reads."""
        told = {
            "classes": CLASSES, "threshold": self.threshold, "intercept": self.intercept,
            "weights": self.weights,
        }  # fmt: skip
        return json.dumps(told, separators=(",", ":")) + "\n"


def fit(
    rows: Sequence[Sparse], labels: Sequence[int], *, columns: int, c_param: float, seed: int = 0
) -> Classifier:
    """c_param: how little large weights are held back, scikit-learn's C.

    The threshold is the one that is right most often over rows that were not learned from: each fifth of
    `rows` is judged by what the other four teach.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    matrix, truth = _matrix(rows, columns), np.asarray(labels)
    if len(set(labels)) < 2 or min(np.bincount(truth, minlength=2)) < FOLDS:
        raise ModelError(f"Expected at least {FOLDS} comments of each class to learn from.")
    # Style and terms are of different scales, which the default solver needs twice the time for.
    model = LogisticRegression(C=c_param, max_iter=2000, solver="newton-cg")
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    with threadpool_limits(1):  # sparse sums: more threads would only wait for each other
        unseen = cross_val_predict(model, matrix, truth, cv=folds, method="predict_proba")[:, 1]
        model.fit(matrix, truth)
    weights = tuple(np.round(model.coef_[0], 8).tolist())
    return Classifier(weights, round(float(model.intercept_[0]), 8), best_threshold(unseen.tolist(), labels))


def best_threshold(probabilities: Sequence[float], labels: Sequence[int]) -> float:
    """Of 0.05, 0.06 ... 0.95 the middle of those that call the most rows by their right name."""
    steps = [step / 100 for step in range(5, 96)]
    right = [sum((p > t) == bool(y) for p, y in zip(probabilities, labels, strict=True)) for t in steps]
    best = [t for t, count in zip(steps, right, strict=True) if count == max(right)]
    return best[len(best) // 2]


def load(path: Path) -> Classifier:
    """Raises ModelError for a file that `save` has not written."""
    with reading(path) as told:
        if told["classes"] != list(CLASSES):
            raise ValueError(f"its classes are {told['classes']}")
        return Classifier(
            tuple(map(float, told["weights"])), float(told["intercept"]), float(told["threshold"])
        )


def check_columns(classifier: Classifier, columns: int) -> None:
    """Raises ModelError where the rows are not those that the weights were learned for."""
    if len(classifier.weights) != columns:
        raise ModelError(
            f"The classifier has {len(classifier.weights)} weights and a row {columns} columns: they were not"
            " learned together. Train both again, the vectorizer first."
        )


def _matrix(rows: Sequence[Sparse], columns: int) -> "csr_matrix":
    import numpy as np
    from scipy.sparse import csr_matrix

    ends = np.cumsum([0, *(len(row[0]) for row in rows)])
    flat = [
        np.concatenate([np.asarray(row[part], kind) for row in rows])
        for part, kind in ((0, np.int32), (1, float))
    ]
    return csr_matrix((flat[1], flat[0], ends), shape=(len(rows), columns))
