"""rows.csv in, a ridge regression of its last column out. Expect a root mean square error of 8 to 12."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from models.unit import Params, run

ROWS = Path(__file__).with_name("rows.csv")


def data() -> tuple[np.ndarray, np.ndarray, str]:
    """Rows [n, features], the value of each, and what the value is called."""
    with ROWS.open(encoding="utf-8") as lines:
        head, *rows = csv.reader(lines)
    table = np.array(rows, dtype=float)
    return table[:, :-1], table[:, -1], head[-1]


def train(params: Params) -> tuple[dict[str, Any], float]:
    x, y, name = data()
    order = np.random.RandomState(params["seed"]).permutation(len(x))
    test, rest = order[: len(x) // 4], order[len(x) // 4 :]
    mean, level = x[rest].mean(axis=0), y[rest].mean()
    rows = x[rest] - mean
    held = params["alpha"] * np.eye(x.shape[1])
    weights = np.linalg.solve(rows.T @ rows + held, rows.T @ (y[rest] - level))
    bias = level - mean @ weights
    rmse = float(np.sqrt(((x[test] @ weights + bias - y[test]) ** 2).mean()))
    return {"weights": weights.tolist(), "bias": float(bias), "name": name}, rmse


if __name__ == "__main__":
    run(train, __file__)
