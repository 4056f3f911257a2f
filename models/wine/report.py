"""An estimator and what it says of test rows in, what is shown of it out: numbers, residuals, importances."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.contract.charts import Chart, bars
from models.contract.drawings import empty, png
from models.data.wine import FEATURES, Wines

SHUFFLED = "RMSE more when the column is shuffled"


def scores(model: Any, data: Wines, answers: np.ndarray) -> dict[str, float]:
    """Beside rmse, mae and r2: kappa of the rounded answers, and what they are to be compared with."""
    from models.contract.metric import SCORES
    from models.wine.estimators import elastic_net

    linear = elastic_net().fit(data.x_train, data.y_train).predict(data.x_test)
    mean = np.full(len(data.y_test), data.y_train.mean())
    rmse = SCORES["rmse"].compute
    truth = data.y_test.tolist()
    return {
        "kappa": kappa(answers, data.y_test),
        "rmse_of_public_example": rmse(linear.tolist(), truth),
        "rmse_of_mean": rmse(mean.tolist(), truth),
        "test_rows_that_are_copies": data.copies,
    }


def other_split(model: Any, data: Wines) -> dict[str, float]:
    """The same estimator learned and judged on the other split: what the public example's rows flatter."""
    from sklearn.base import clone

    from models.contract.metric import SCORES

    split = "example" if data.split == "honest" else "honest"
    other = Wines(data.rows, data.qualities, data.sha256, split, data.split_seed)
    answers = clone(model).fit(frame(other.x_train), other.y_train).predict(frame(other.x_test)).tolist()
    truth = other.y_test.tolist()
    found = {f"{name}_on_{split}_split": SCORES[name].compute(answers, truth) for name in ("rmse", "r2")}
    return found | {f"copies_on_{split}_split": other.copies}


def frame(rows: np.ndarray) -> Any:
    """The rows with their columns' names, as an estimator learns and is asked."""
    from pandas import DataFrame

    return DataFrame(rows, columns=list(FEATURES))


def kappa(answers: np.ndarray, truth: np.ndarray) -> float:
    """Cohen's kappa with quadratic weights, of whole qualities: 1 is all right, 0 is chance."""
    said, true = np.rint(np.ravel(answers)), np.rint(truth)
    apart = ((said[:, None] - true[None, :]) ** 2).mean()
    return float(1 - ((said - true) ** 2).mean() / apart) if apart else 0.0


def importances(model: Any, data: Wines, *, seed: int) -> list[dict[str, Any]]:
    """By how much the RMSE on test rows grows when a column is shuffled: of any kind of estimator."""
    from sklearn.inspection import permutation_importance

    found = permutation_importance(
        model, frame(data.x_test), data.y_test, scoring="neg_root_mean_squared_error", n_repeats=5,
        random_state=seed,
    )  # fmt: skip
    values = zip(FEATURES, found.importances_mean.tolist(), found.importances_std.tolist(), strict=True)
    told = [
        {"feature": name, "importance": round(mean, 5), "spread": round(s, 5)} for name, mean, s in values
    ]
    return sorted(told, key=lambda one: -one["importance"])


def drawings(answers: np.ndarray, data: Wines, told: Sequence[dict[str, Any]]) -> dict[str, bytes]:
    """residuals.png and importances.png; the version has a predicted.png anyway."""
    return {"residuals.png": _residuals(np.ravel(answers), data.y_test), "importances.png": _bars(told)}


def charts(told: Sequence[dict[str, Any]]) -> list[Chart]:
    """The same importances; the rest is drawn of every unit that answers numbers."""
    values = {one["feature"]: one["importance"] for one in told}
    spreads = {one["feature"]: one["spread"] for one in told}
    return [bars("What it goes by", values, x=SHUFFLED, spreads=spreads, name="importances")]


def _residuals(answers: np.ndarray, truth: np.ndarray) -> bytes:
    figure, axes = empty("Residuals of the test rows", "predicted quality", "true - predicted")
    axes.axhline(0, color="tab:gray", linewidth=1)
    axes.plot(answers, truth - answers, ".", color="tab:blue")
    return png(figure)


def _bars(told: Sequence[dict[str, Any]]) -> bytes:
    figure, axes = empty("What it goes by", SHUFFLED, "")
    rows = list(reversed(told))
    axes.barh(
        range(len(rows)),
        [one["importance"] for one in rows],
        xerr=[one["spread"] for one in rows],
        color="tab:blue",
        ecolor="tab:gray",
    )
    axes.set_yticks(range(len(rows)), [one["feature"] for one in rows])
    return png(figure)
