"""Rows and numbers in, a scaler and a ridge regression out: what the network adds to, and is shown beside."""

from dataclasses import dataclass

import numpy as np

PENALTY = 30.0  # on the squares of the weights of scaled columns


@dataclass(frozen=True)
class Linear:
    """`scaled(x) @ weights + intercept`; columns that an answer must not hang on have weight 0."""

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    intercept: float

    def scaled(self, x: np.ndarray) -> np.ndarray:
        return (np.asarray(x, np.float64) - self.mean) / self.scale

    def predict(self, x: np.ndarray) -> np.ndarray:
        """[n] for rows [n, features]."""
        answers: np.ndarray = self.scaled(x) @ self.weights + self.intercept
        return answers


def fit(x: np.ndarray, y: np.ndarray, *, penalty: float = PENALTY, without: int | None = None) -> Linear:
    """Least squares with a penalty; `without` is a column that is not looked at."""
    exact = np.asarray(x, np.float64)
    mean, scale = exact.mean(axis=0), exact.std(axis=0)
    scale[scale < 1e-9] = 1.0  # what never changes tells nothing, whatever it is divided by
    columns = (exact - mean) / scale
    if without is not None:
        columns[:, without] = 0.0
    middle = float(y.mean())
    # The penalty also makes it solvable where columns say the same, as those of one weekday may.
    moments = columns.T @ columns + max(penalty, 1e-9) * np.eye(columns.shape[1])
    return Linear(mean, scale, np.linalg.solve(moments, columns.T @ (y - middle)), middle)
