"""Text in, ["..."] or [["..."]], the probability of each class out."""

import re
from typing import Any

import numpy as np

from models import unit


class Model:
    """Served by seldon-core-microservice."""

    def load(self) -> None:
        found = unit.load()
        self._weights, self._bias, self._names = found["weights"], found["bias"], found["names"]

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        scores = np.array([self._score(str(text)) for text in np.asarray(X).ravel()])
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def _score(self, text: str) -> np.ndarray:
        words = [self._weights[word] for word in re.findall(r"\w+", text.lower()) if word in self._weights]
        return np.sum([self._bias, *words], axis=0)

    def class_names(self) -> list[str]:
        return list(self._names)
