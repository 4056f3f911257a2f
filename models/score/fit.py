"""scikit-learn's own diabetes rows in, coefficients.json out. Expect an r2 of 0.36 on the held-out rows.

`python -m models.score.fit` with the packages of any train.lock that has scikit-learn, such as sk_mnist's.
The file is eleven numbers, so it is part of the code: the service starts with no store and no network.
"""

import json
from typing import Any

import numpy as np

from models.score.linear import FILE

SEED, ALPHA, HELD_OUT = 0, 1.0, 0.25


def fit(x: np.ndarray, y: np.ndarray, *, alpha: float) -> tuple[np.ndarray, float]:
    """Weights [features] and intercept of a ridge regression on standardised columns, for rows as given."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    rows = (x - mean) / spread
    solved = np.linalg.solve(rows.T @ rows + alpha * np.eye(x.shape[1]), rows.T @ (y - y.mean()))
    weights = solved / spread
    return weights, float(y.mean() - mean @ weights)


def fitted() -> dict[str, Any]:
    """What coefficients.json says: rounded, so that every machine writes the same."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    x, y = data.data, data.target
    order = np.random.RandomState(SEED).permutation(len(x))
    held, rest = np.split(order, [int(len(x) * HELD_OUT)])
    weights, intercept = fit(x[rest], y[rest], alpha=ALPHA)
    wrong = y[held] - (x[held] @ weights + intercept)
    return {
        "features": list(data.feature_names),
        "weights": [round(float(weight), 6) for weight in weights],
        "intercept": round(intercept, 6),
        "rmse": round(float(np.sqrt((wrong**2).mean())), 3),
        "r2": round(float(1 - (wrong**2).sum() / ((y[held] - y[held].mean()) ** 2).sum()), 3),
    }


if __name__ == "__main__":
    made = fitted()
    FILE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"r2 {made['r2']}, rmse {made['rmse']} on the rows held out")
