"""The scores by name: values worked out by hand, the edges, and which way each is better."""

import math

import pytest

from models.contract import metric
from models.contract.metric import SCORES, Metric

SURE = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]]
LABELS = [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("name", "answers", "truth", "value"),
    [
        ("accuracy", SURE, LABELS, 0.5),
        ("accuracy", [[0.5, 0.5]], [0], 1),  # the first of equals
        ("accuracy", [0.2, [0.8]], [0, 1], 1),  # one number is the probability of class 1
        ("log_loss", SURE, LABELS, -(math.log(0.9) + math.log(0.8) + math.log(0.4) + math.log(0.3)) / 4),
        ("log_loss", [[0, 1]], [0], -math.log(1e-15)),
        ("auc", SURE, LABELS, 0.75),
        ("auc", [[0.5, 0.5]] * 4, LABELS, 0.5),
        ("auc", [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75),
        ("auc", [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], [0, 1, 2], 1),
        ("f1", SURE, LABELS, 0.5),
        ("f1", [[1, 0]] * 2, [1, 1], 0),
        ("f1", [[1, 0, 0], [0, 1, 0], [0, 1, 0]], [0, 1, 2], (1 + 2 / 3 + 0) / 3),
        ("rmse", [[3.0], [5.0]], [0.0, 1.0], math.sqrt((9 + 16) / 2)),
        ("rmse", [2.5], [0.5], 2),  # floats stay floats
        ("mae", [[1.5, 2.0]], [[1.0, 4.0]], 1.25),
        ("r2", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 1),
        ("r2", [2.0, 2.0, 2.0], [1.0, 2.0, 3.0], 0),
    ],
)
def test_a_score_is_what_its_name_says(name: str, answers: list, truth: list, value: float) -> None:
    """By hand, with ties, one number for two classes, and several values for a row."""
    assert SCORES[name].compute(answers, truth) == pytest.approx(value)


def test_what_means_nothing_is_left_out() -> None:
    """There is no area under the curve where all rows are of one class, and no variance in one value."""
    assert set(metric.scores("classes", [[0.9, 0.1]] * 3, [0, 0, 0])) == {"accuracy", "log_loss", "f1"}
    assert set(metric.scores("numbers", [1.0], [1.0])) == {"rmse", "mae"}
    assert metric.scores("classes", [], []) == {}


@pytest.mark.parametrize(
    ("better", "value", "accept", "passes"),
    [
        ("higher", 0.9, 0.9, True), ("higher", 0.89, 0.9, False),
        ("lower", 53.0, 60.0, True), ("lower", 60.1, 60.0, False),
        ("higher", math.nan, 0.0, False), ("lower", math.nan, 99.0, False),
    ],
)  # fmt: skip
def test_accept_counts_in_the_right_direction(better: str, value: float, accept: float, passes: bool) -> None:
    """An error has to be small, a share large, and NaN is never good enough."""
    assert Metric("-", value, better).passes(accept) is passes


def test_a_metric_is_shown_with_its_name() -> None:
    """Four decimals of what is small, and no tail of digits of what is large."""
    assert Metric("accuracy", 0.98251, "higher").text == "accuracy 0.9825"
    assert Metric("rmse", 53.2749999, "lower").text == "rmse 53.275"
    assert Metric("rmse", 1234567.0, "lower").text == "rmse 1.23457e+06"
