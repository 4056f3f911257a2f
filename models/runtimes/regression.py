"""A version with a model.onnx in, numbers for rows of numbers out: one value for each row, or several."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.runtimes.onnx_rows import OnnxRows


class OnnxRegression(OnnxRows):
    """Rows [n, features] in, values [n, k] out, float for float as the graph gives them."""

    values: Sequence[str] | None = None  # names of the values; default the output's own

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """Values [n, k] for rows [n, features]. Raises BadInput."""
        return _columns(self._answers(X))

    def class_names(self) -> list[str]:
        return list(self.values or self._names)

    def _learn(self, answer: np.ndarray) -> None:
        count = _columns(answer).shape[1]
        self._names = [self._output] if count == 1 else [f"{self._output}:{k}" for k in range(count)]
        if self.values is not None and len(self.values) != count:
            raise ValueError(f"it gives {count} values for a row; `values` names {len(self.values)}")


def _columns(answer: np.ndarray) -> np.ndarray:
    """[n] as [n, 1]: a value for each row is a column."""
    return answer[:, None] if answer.ndim == 1 else answer
