"""Rows [n, features] in, the probability of each class out."""

from typing import Any

import numpy as np

from models import unit


class Model:
    """Served by seldon-core-microservice."""

    def load(self) -> None:
        found = unit.load()
        self._weights, self._bias = np.array(found["weights"]), np.array(found["bias"])
        self._names = found["names"]

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        scores = np.asarray(X, dtype=float) @ self._weights + self._bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def class_names(self) -> list[str]:
        return list(self._names)
