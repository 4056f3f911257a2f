"""Rows of pixels in, how strongly their edges point each way in each cell out.

The first step of the model: eight directions in 7x7 cells of 4x4 pixels tell digits apart better than pixels
do, and cost little: two differences, a rotation and a sum. convert.py says the same in ONNX.
"""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

SIDE, CELL = 28, 4
CELLS = SIDE // CELL
DIRECTIONS = 8
ROWS = 500  # at once: what fits into the processor's cache


class OrientedGradients(TransformerMixin, BaseEstimator):
    """[n, 784] pixels to [n, 8 * 49] summed gradients, the negative ones cut off. Has nothing to learn."""

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> "OrientedGradients":
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        parts = [_gradients(X[start : start + ROWS]) for start in range(0, len(X), ROWS)]
        return np.concatenate(parts) if parts else np.empty((0, DIRECTIONS * CELLS**2), np.float32)


def _gradients(X: np.ndarray) -> np.ndarray:
    images = np.pad(X.reshape(-1, SIDE, SIDE).astype(np.float32), ((0, 0), (1, 1), (1, 1)))
    across = (images[:, 1:-1, 2:] - images[:, 1:-1, :-2]).reshape(-1, SIDE * SIDE)
    down = (images[:, 2:, 1:-1] - images[:, :-2, 1:-1]).reshape(-1, SIDE * SIDE)
    pooling = _pooling()
    maps = [np.maximum(cosine * across + sine * down, 0) @ pooling for cosine, sine in directions()]
    return np.stack(maps, axis=1).reshape(len(X), -1)


def directions() -> np.ndarray:
    """[8, 2]: cosine and sine of each direction."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _pooling() -> np.ndarray:
    """[784, 49]: the sum over each cell, as a matrix."""
    cell_of = np.arange(SIDE) // CELL
    cells = (cell_of[:, None] * CELLS + cell_of[None, :]).ravel()
    return np.eye(CELLS**2, dtype=np.float32)[cells]
