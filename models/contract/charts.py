"""Numbers in, charts out as `argolane report` draws them: docs/reports.md has the shape of each.

Nothing is imported that only trainers have: any step may give such. A list is an output `charts`.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Chart = Mapping[str, Any]
Points = Iterable[Sequence[float]]

FILE = "charts.json"  # of a version
MOST = 400  # points of a series: a workflow's status has to hold them
_DIGITS = 5


def curves(title: str, series: Mapping[str, Points], *, x: str, y: str, name: str = "") -> Chart:
    """A line for each series, by its name."""
    return _named({"kind": "line", "title": title, "x": x, "y": y, "series": _series(series)}, name)


def scatter(
    title: str, points: Points, *, x: str, y: str, name: str = "", line: Points = (), of: str = "rows"
) -> Chart:
    """A point for each, and a line to hold them against."""
    series = _series({of: points})
    series += [{**one, "mark": "line"} for one in _series({"right": line}) if one["points"]]
    return _named({"kind": "scatter", "title": title, "x": x, "y": y, "series": series}, name)


def bars(
    title: str,
    values: Mapping[str, float],
    *,
    x: str,
    spreads: Mapping[str, float] | None = None,
    name: str = "",
) -> Chart:
    """In the order given; `spreads` are by the same names."""
    told = [
        {"name": key, "value": _round(value), "spread": _round((spreads or {}).get(key, 0.0))}
        for key, value in values.items()
        if math.isfinite(value)
    ]
    return _named({"kind": "bars", "title": title, "x": x, "bars": told}, name)


def of_training(
    *,
    kind: str | None,
    curve: Sequence[Mapping[str, float]],
    answers: Sequence[Any],
    truth: Sequence[Any],
    told: Mapping[str, Any],
) -> list[Chart]:
    """What every unit with such a metric has drawn: its curves, then by the kind of its answers."""
    made = [
        curves(
            f"{key} by epoch",
            {key: [(epoch, point[key]) for epoch, point in enumerate(curve, 1)]},
            x="epoch",
            y=key,
            name="training_curve",
        )
        for key in (curve[0] if curve else ())
    ]
    if kind == "classes":
        names = [str(k) for k in range(len(told["confusion_matrix"]))]
        matrix = {"rows": names, "columns": names, "cells": told["confusion_matrix"]}
        made.append(
            _named(
                {"kind": "matrix", "title": "Predicted and true classes", "x": "predicted", "y": "truth"}
                | matrix,
                "confusion_matrix",
            )
        )
    if kind == "numbers":
        made += _of_numbers(_flat(answers), _flat(truth))
    return made


def _of_numbers(answers: Sequence[float], truth: Sequence[float]) -> list[Chart]:
    ends = (min(truth), max(truth))
    return [
        scatter(
            "Predicted against true",
            zip(truth, answers, strict=True),
            x="true",
            y="predicted",
            name="predicted",
            line=[(end, end) for end in ends],
            of="test rows",
        ),
        scatter(
            "Residuals",
            [(said, true - said) for said, true in zip(answers, truth, strict=True)],
            x="predicted",
            y="true - predicted",
            name="residuals",
            line=[(min(answers), 0.0), (max(answers), 0.0)],
            of="test rows",
        ),
    ]


def text(charts: Iterable[Chart]) -> str:
    return json.dumps(list(charts), separators=(",", ":"), allow_nan=False)


def _named(chart: dict[str, Any], name: str) -> Chart:
    return {**chart, "name": name} if name else chart


def _series(series: Mapping[str, Points]) -> list[dict[str, Any]]:
    return [{"name": name, "points": _thinned(points)} for name, points in series.items()]


def _thinned(points: Points) -> list[list[float]]:
    """Every so manieth of those that are numbers."""
    good = [[_round(value) for value in point] for point in points if all(map(math.isfinite, point))]
    return good[:: max(1, -(-len(good) // MOST))]


def _flat(values: Sequence[Any]) -> list[float]:
    return [one for value in values for one in (_flat(value) if isinstance(value, list) else [float(value)])]


def _round(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
