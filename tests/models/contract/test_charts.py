"""What models/contract gives to be drawn is what argolane.report draws, of trainings and of searches."""

import json
import math

import pytest

from argolane.report.charts import figure, read
from argolane.report.charts.kinds import Bars, Curves, Matrix, Parallel, Table
from models.contract import charts
from models.contract.sweep_charts import charts as of_search

CURVE = [{"loss": 0.7, "accuracy": 0.9}, {"loss": 0.2, "accuracy": math.nan}, {"loss": 0.1, "accuracy": 0.98}]


def drawn(given: list[charts.Chart]) -> list[object]:
    """As the report reads it; each can be drawn."""
    found = read(charts.text(given))
    assert all("<figure" in figure(chart, f"c{i}") for i, chart in enumerate(found))
    return list(found)


def test_classes_have_curves_and_a_matrix() -> None:
    """A chart for each number of the epochs, none with two axes; what is no number is left out."""
    found = drawn(
        charts.of_training(
            kind="classes", curve=CURVE, answers=[], truth=[], told={"confusion_matrix": [[30, 2], [0, 31]]}
        )
    )
    loss, accuracy, matrix = found
    assert isinstance(loss, Curves)
    assert isinstance(accuracy, Curves)
    assert (loss.y, loss.series[0].points) == ("loss", ((1, 0.7), (2, 0.2), (3, 0.1)))
    assert accuracy.series[0].points == ((1, 0.9), (3, 0.98))
    assert isinstance(matrix, Matrix)
    assert (matrix.name, matrix.cells) == ("confusion_matrix", ((30, 2), (0, 31)))
    assert loss.name == accuracy.name == "training_curve"


def test_numbers_have_predicted_against_true_and_residuals() -> None:
    """Of thousands of rows a few hundred points: the status of a run has to hold them."""
    truth = [i / 7 for i in range(5000)]
    found = charts.of_training(
        kind="numbers", curve=(), answers=[[value + 0.5] for value in truth], truth=truth, told={}
    )
    assert len(charts.text(found)) < 50_000
    predicted, residuals = drawn(list(found))
    assert isinstance(predicted, Curves)
    assert isinstance(residuals, Curves)
    assert (predicted.kind, predicted.name, residuals.name) == ("scatter", "predicted", "residuals")
    assert 300 < len(predicted.series[0].points) <= charts.MOST
    assert predicted.series[0].points[1] == pytest.approx((1.8571, 2.3571))
    assert {y for _, y in residuals.series[0].points} == {-0.5}
    assert predicted.series[1].points == ((0, 0), (714.14, 714.14))


def test_bars_keep_their_order() -> None:
    """Spread is by the same names."""
    (found,) = drawn([charts.bars("t", {"b": 2.0, "a": 1.0}, x="more", spreads={"a": 0.25})])
    assert isinstance(found, Bars)
    assert [(bar.name, bar.value, bar.spread) for bar in found.bars] == [("b", 2, 0), ("a", 1, 0.25)]


def trial(number: int, value: float | None, **more: object) -> dict[str, object]:
    params = {"hidden": 32 + number, "solver": "adam" if number % 2 else "sgd"}
    return {"number": number, "state": "complete", "params": params, "value": value, "seconds": 1.5,
            "reason": "", "steps": 8, "reached": value, **more}  # fmt: skip


SEARCH = {
    "title": "Toy: best of 4 trials", "metric": {"name": "rmse", "value": 0.2, "better": "lower"},
    "search": {"hidden": {"low": 32, "high": 64, "log": True}, "solver": ["adam", "sgd"]},
    "best": trial(2, 0.2), "left_out": 3,
    "trials": [trial(0, 0.5), trial(1, None, state="pruned", steps=3, reached=0.9), trial(2, 0.2),
               trial(3, None, state="failed", reason="ValueError: too deep\nmore", reached=None, params={})],
}  # fmt: skip


def test_a_search_is_a_table_a_history_and_parallel_coordinates() -> None:
    """All trials are in the table, with what became of each; the drawings are of those with a value."""
    table, history, parallel = drawn(of_search(SEARCH))
    assert isinstance(table, Table)
    assert table.columns == ("trial", "hidden", "solver", "rmse (lower is better)", "seconds", "became")
    assert [row[-1] for row in table.rows] == [
        "complete", "pruned at step 3", "best", "failed: ValueError: too deep",
    ]  # fmt: skip
    assert (table.best, table.rows[1][3], table.rows[3][1]) == (2, 0.9, None)
    assert isinstance(history, Curves)
    assert [(one.name, one.points) for one in history.series] == [
        ("trial", ((0, 0.5), (2, 0.2))), ("best so far", ((0, 0.5), (2, 0.2))),
    ]  # fmt: skip
    assert isinstance(parallel, Parallel)
    assert [(axis.name, axis.log) for axis in parallel.axes] == [
        ("hidden", True), ("solver", False), ("rmse", False),
    ]  # fmt: skip
    assert (parallel.better, len(parallel.rows)) == ("lower", 2)
    assert "3 more trials" in table.note


def test_the_text_is_json_without_nan() -> None:
    """What a page cannot draw is never written."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        charts.text([{"kind": "bars", "value": math.inf}])
    assert json.loads(charts.text([])) == []
