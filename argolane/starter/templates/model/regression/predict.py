"""Rows [n, features] in, a number for each out."""

from typing import Any

import numpy as np

from models import unit


class Model:
    """Served by seldon-core-microservice."""

    def load(self) -> None:
        found = unit.load()
        self._weights, self._bias, self._name = np.array(found["weights"]), found["bias"], found["name"]

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        return (np.asarray(X, dtype=float) @ self._weights + self._bias)[:, None]

    def class_names(self) -> list[str]:
        return [self._name]
