"""Rows of pixels in, how strongly their edges point each way in each cell out; in NumPy and in ONNX.

The first step of the model: eight directions in 7x7 cells of 4x4 pixels tell digits apart better than pixels
do, and cost little: two differences, a rotation and a mean.
"""

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import BaseEstimator, TransformerMixin

SIDE, CELL = 28, 4
CELLS = SIDE // CELL
DIRECTIONS = 8
ROWS = 500  # at once: what fits into the processor's cache


class OrientedGradients(TransformerMixin, BaseEstimator):
    """[n, 784] pixels to [n, 8 * 49] mean gradients, the negative ones cut off. Has nothing to learn."""

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
    maps = [np.maximum(cosine * across + sine * down, 0) @ pooling for cosine, sine in _directions()]
    return np.stack(maps, axis=1).reshape(len(X), -1)


def _directions() -> np.ndarray:
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _pooling() -> np.ndarray:
    """[784, 49]: the mean over each cell, as a matrix."""
    cell_of = np.arange(SIDE) // CELL
    cells = (cell_of[:, None] * CELLS + cell_of[None, :]).ravel()
    return (np.eye(CELLS**2, dtype=np.float32) / CELL**2)[cells]


def _shape(operator) -> None:  # type: ignore[no-untyped-def]
    rows = operator.inputs[0].type.shape[0]
    operator.outputs[0].type = FloatTensorType([rows, DIRECTIONS * CELLS**2])


def _convert(scope, operator, container) -> None:  # type: ignore[no-untyped-def]
    """The same as a convolution with one filter a direction, ReLU and average pooling."""
    filters = np.zeros((DIRECTIONS, 1, 3, 3), np.float32)
    cosines, sines = _directions().T
    filters[:, 0, 1, 2], filters[:, 0, 1, 0] = cosines, -cosines
    filters[:, 0, 2, 1], filters[:, 0, 0, 1] = sines, -sines

    def constant(name: str, values: np.ndarray, kind: int) -> str:
        name = scope.get_unique_variable_name(name)
        container.add_initializer(name, kind, values.shape, values.ravel().tolist())
        return name

    def node(kind: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        output = output or scope.get_unique_variable_name(kind.lower())
        container.add_node(
            kind, list(inputs), output, name=scope.get_unique_operator_name(kind), **attributes
        )
        return output

    float_, int64 = 1, 7
    image = constant("image", np.array([-1, 1, SIDE, SIDE]), int64)
    flat = constant("flat", np.array([-1, DIRECTIONS * CELLS**2]), int64)
    images = node("Reshape", operator.inputs[0].full_name, image)
    slopes = node("Conv", images, constant("filters", filters, float_), pads=[1, 1, 1, 1])
    window = {"kernel_shape": [CELL, CELL], "strides": [CELL, CELL]}
    cells = node("AveragePool", node("Relu", slopes), **window)
    node("Reshape", cells, flat, output=operator.outputs[0].full_name)


update_registered_converter(OrientedGradients, "OrientedGradients", _shape, _convert)
