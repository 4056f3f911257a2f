"""argolane.report.charts draws what a step gives as `charts`, and refuses what is none by its place."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from argolane.report import Picture, render
from argolane.report.charts import figure, read
from argolane.report.charts.curves import MOST_POINTS
from argolane.report.charts.scale import Scale, around, number, ticks

CHARTS: list[dict[str, Any]] = [
    {"kind": "line", "title": "Loss", "x": "epoch", "y": "loss",
     "series": [{"name": "train", "points": [[1, 0.7], [2, 0.2], [3, 0.1]]},
                {"name": "test", "points": [[1, 0.8], [2, 0.4], [3, 0.5]], "mark": "step"}]},
    {"kind": "scatter", "title": "Predicted", "x": "true", "y": "predicted", "name": "predicted",
     "series": [{"points": [[3, 4.5], [5, 5.1]]},
                {"name": "right", "points": [[3, 3], [5, 5]], "mark": "line"}]},
    {"kind": "band", "title": "Difference", "x": "requests", "y": "difference",
     "levels": [{"y": 0, "name": "no difference"}], "note": "Valid at every look.",
     "series": [{"points": [[100, -0.1, 0.0, 0.1], [200, -0.02, 0.02, 0.06]]}]},
    {"kind": "bars", "title": "Importances", "x": "more RMSE",
     "bars": [{"name": "alcohol", "value": 0.2, "spread": 0.01}, {"name": "ph <&>", "value": -0.01}]},
    {"kind": "parallel", "title": "Search", "better": "lower",
     "axes": [{"name": "rate", "log": True}, {"name": "solver"}, {"name": "deep"}, {"name": "loss"}],
     "rows": [[0.001, "adam", True, 0.2], [0.1, "sgd", False, 0.4], [0.01, "adam", False, 0.3]]},
    {"kind": "matrix", "title": "Confusion", "x": "predicted", "y": "truth", "rows": ["0", "1"],
     "columns": ["0", "1"], "cells": [[30, 2], [0, 31]]},
    {"kind": "table", "title": "Trials", "columns": ["trial", "rate", "why"], "best": 1,
     "rows": [[0, 0.001, None], [1, 0.01, "<best>"]]},
]  # fmt: skip


def drawn(*charts: dict[str, Any]) -> list[str]:
    return [str(figure(chart, f"c{i}")) for i, chart in enumerate(read(json.dumps(charts)))]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart["kind"])
def test_each_kind_is_drawn_and_told(chart: dict[str, Any]) -> None:
    """The figure is well-formed, has its title, and a drawing says to who does not see it what it is."""
    (text,) = drawn(chart)
    root = ElementTree.fromstring(text)  # noqa: S314  our own
    assert root.find("figcaption").text == chart["title"]  # type: ignore[union-attr]
    if chart["kind"] == "table":
        return
    svg = next(root.iter("svg"))
    assert svg.get("role") == "img"
    labels = svg.get("aria-labelledby", "").split()
    told = [one.text for i in labels for one in root.iter() if one.get("id") == i]
    assert told[0] == chart["title"]
    assert len(told[1] or "") > 10


@pytest.mark.parametrize("chart", CHARTS[:-1], ids=lambda chart: chart["kind"])
def test_all_lies_within_the_picture(chart: dict[str, Any]) -> None:
    """No coordinate is outside of the view."""
    root = ElementTree.fromstring(drawn(chart)[0])  # noqa: S314  our own
    svg = next(root.iter("svg"))
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    for one in svg.iter():
        for names, end in ((("x", "x1", "x2", "cx"), width), (("y", "y1", "y2", "cy"), height)):
            assert all(-0.1 <= float(one.get(name, 0)) <= end + 0.1 for name in names), one.attrib
        if one.tag == "path":
            for x, y in re.findall(r"([-\d.]+),([-\d.]+)", one.get("d", "")):
                assert -0.1 <= float(x) <= width + 0.1
                assert -0.1 <= float(y) <= height + 0.1


def test_what_is_better_is_further_up_and_last() -> None:
    """The best row of parallel coordinates is drawn above the others, in a line of its own kind."""
    (text,) = drawn(CHARTS[4])
    paths = re.findall(r'<path class="([^"]+)"[^>]*><title>([^<]+)', text)
    assert paths[-1] == ("line c1 best", "rate 0.001, solver adam, deep true, loss 0.2")
    assert [kind for kind, _ in paths[:-1]] == ["line c0", "line c0"]


def test_the_best_row_of_a_table_is_marked() -> None:
    """By its number; what a cell says is no markup."""
    (text,) = drawn(CHARTS[-1])
    assert '<tr class="best"><td class="number">1</td>' in text
    assert "&lt;best&gt;" in text


def test_a_drawing_has_no_more_points_than_it_shows() -> None:
    """Of a long series every so manieth point is drawn, and the last one."""
    points = [[x, x % 7] for x in range(5 * MOST_POINTS + 3)]
    (text,) = drawn({"kind": "scatter", "title": "t", "series": [{"points": points}]})
    assert MOST_POINTS // 2 < text.count("<circle") <= MOST_POINTS + 1
    assert f"{points[-1][0]:,}, {points[-1][1]}" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "charts: Invalid JSON"),
        ("{}", "charts: Input should be a valid array"),
        ('[{"kind": "pie", "title": "t"}]', "charts.0: Input tag 'pie'"),
        ('[{"kind": "line", "title": "t", "series": [{"points": [[1]]}]}]', "line.series.0.points.0.1"),
        ('[{"kind": "line", "title": "t", "series": [{"points": [[1, NaN]]}]}]', "finite number"),
        ('[{"kind": "line", "title": "t", "series": [{"points": [[1, "2"]]}]}]', "valid number"),
        ('[{"kind": "line", "title": "t", "serie": [], "series": [{"points": []}]}]', "charts.0.line.serie"),
        ('[{"kind": "table", "title": "t", "columns": ["a"], "rows": [[1, 2]]}]', "row 0 has 2 values"),
        ('[{"kind": "matrix", "title": "t", "rows": ["a"], "columns": ["a"], "cells": []}]', "cells has 0"),
        ('[{"kind": "parallel", "title": "t", "axes": [{"name": "a"}, {"name": "b"}], "rows": [[1, null]]}]',
         "row has no value"),
    ],
)  # fmt: skip
def test_what_is_no_chart_is_refused_by_its_place(text: str, said: str) -> None:
    """The message names the chart, the field, and what is allowed."""
    with pytest.raises(ValueError, match=re.escape(said)):
        read(text)


def test_values_that_are_all_alike_have_an_axis() -> None:
    """Nothing is divided by their difference."""
    for points in ([], [[1, 5]], [[1, 5], [2, 5]], [[0, 0]]):
        assert "<svg" in drawn({"kind": "line", "title": "t", "series": [{"points": points}]})[0]
    assert "<svg" in drawn({"kind": "bars", "title": "t", "bars": [{"name": "a", "value": 0}]})[0]


def test_marks_of_an_axis_are_round() -> None:
    """Multiples of 1, 2 or 5, within the ends; numbers without what nobody reads."""
    assert ticks(0.03, 1.1) == pytest.approx([0.5, 1.0])
    assert ticks(0, 24.4) == [0, 5, 10, 15, 20]
    assert ticks(-1, 1, most=4) == [-1, -0.5, 0, 0.5, 1]
    assert [number(v) for v in (0, 0.1 + 0.2, 12000, 0.00001, 1e9, -0.25)] == [
        "0", "0.3", "12,000", "1e-05", "1e+09", "-0.25",
    ]  # fmt: skip
    assert Scale(1, 100, 0, 2, log=True)(10) == pytest.approx(1)
    assert around([], start=0, end=1)(0) > 0


def run(charts: object, **more: Any) -> str:
    """The page of a run whose only task gave these charts."""
    outputs = [{"name": "charts", "value": charts if isinstance(charts, str) else json.dumps(charts)}]
    nodes = {
        "a": {"id": "a", "displayName": "best(0)", "type": "Pod", "phase": "Succeeded",
              "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:05Z",
              "outputs": {"parameters": [*outputs, *more.pop("outputs", [])]}},
    }  # fmt: skip
    return render(name="w", status={"phase": "Succeeded", "nodes": nodes}, parameters={}, logs={}, **more)


def test_the_page_draws_the_charts_of_any_task() -> None:
    """Each by its own anchor; the JSON itself is not shown among the outputs."""
    text = run(CHARTS)
    assert text.count('<figure class="chart') == len(CHARTS)
    identifiers = re.findall(r'id="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))
    assert "&#34;kind&#34;" not in text


def test_charts_that_are_wrong_are_said() -> None:
    """The page is there, with the task and the place of what is wrong."""
    assert "best: not drawn: charts.0: Input tag &#39;pie&#39;" in run([{"kind": "pie", "title": "t"}])


def test_a_chart_takes_the_place_of_its_picture(tmp_path: Path) -> None:
    """One of the same task and name; others stay."""
    shown = [Picture("best", tmp_path / "predicted.png"), Picture("best", tmp_path / "other.png"),
             Picture("else", tmp_path / "predicted.png")]  # fmt: skip
    for one in shown:
        one.path.write_bytes(b"png")
    text = run(CHARTS, pictures=shown)
    assert re.findall(r'<img alt="([^"]+)"', text) == ["best: other", "else: predicted"]


def test_links_are_web_addresses() -> None:
    """Beside what the task measured, else in a line of their own; no password, no other scheme."""
    told = {"run": "http://mlflow.argolane:5000/#/runs/1", "docs": "https://host/x?a=1&b=2",
            "bad": "javascript:alert(1)", "secret": "https://me:pw@host/"}  # fmt: skip
    links = {"name": "links", "value": json.dumps(told)}
    metric = {"name": "metric", "value": "rmse 0.5"}
    for outputs in ([links], [links, metric]):
        text = run([], outputs=outputs, services=("mlflow.argolane",))
        found = re.findall(r'<a rel="noreferrer" href="([^"]+)">([^<]+)</a>', text)
        assert found == [
            ("http://127.0.0.1:5000/#/runs/1", "run"), ("https://host/x?a=1&amp;b=2", "docs"),
        ]  # fmt: skip


def test_points_lie_above_lines_and_marks_beside_them() -> None:
    """A trial is seen on the step of the best so far; marks of the first axis are left of it."""
    history = {"kind": "line", "title": "t", "series": [
        {"name": "trial", "points": [[0, 1], [1, 2]], "mark": "points"},
        {"name": "best so far", "points": [[0, 1], [1, 2]], "mark": "step"},
    ]}  # fmt: skip
    search = {"kind": "parallel", "title": "t", "axes": [{"name": "a"}, {"name": "b"}], "better": "lower",
              "rows": [[32, 0.1], [64, 0.2]]}  # fmt: skip
    (text,) = drawn(history)
    assert text.index("line c1") < text.index("point c0")
    ends = re.findall(r'<text[^>]*text-anchor="end"[^>]*>(32|64)<', drawn(search)[0])
    assert sorted(ends) == ["32", "64"]
    words = {**search, "rows": [["a long word", 0.1], ["another", 0.2]]}
    assert not re.findall(r'text-anchor="end"[^>]*>(a long word|another)<', drawn(words)[0])
