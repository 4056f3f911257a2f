"""Eleven measurements of a wine in, its quality out: served by `seldon-core-microservice`."""

from typing import Any

import numpy as np

from models.data.wine import FEATURES
from models.runtimes.columns import in_order
from models.runtimes.regression import OnnxRegression


class Model(OnnxRegression):
    values = ("quality",)

    def predict(self, X: Any, names: Any = None, meta: Any = None) -> np.ndarray:
        """Quality [n, 1] of wines [n, 11]; columns with names may come in any order. Raises BadInput."""
        return super().predict(in_order(X, names, FEATURES), names, meta)
