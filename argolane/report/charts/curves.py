"""Series of points in, curves, points or intervals on two axes out."""

from collections.abc import Sequence
from typing import TypeVar

from markupsafe import Markup

from argolane.report.charts.frame import COLOURS, Frame, frame, legend, path, svg
from argolane.report.charts.kinds import Band, Curves, Series
from argolane.report.charts.markup import tag
from argolane.report.charts.scale import number

MOST_POINTS = 1000  # of a series: more than a page 400 pixels wide can tell apart
_MARKED = 40  # points of a curve that are shown as such

_Point = TypeVar("_Point")


def curves(chart: Curves, identifier: str) -> Markup:
    points = [point for series in chart.series for point in series.points]
    drawn = frame([x for x, _ in points], [y for _, y in points] + [one.y for one in chart.levels])
    whole = all(float(x).is_integer() for x, _ in points)
    above = sorted(enumerate(chart.series), key=lambda one: one[1].mark == "points")  # no line hides a point
    inside = [
        *drawn.axes(chart.x, chart.y, whole=whole),
        *(drawn.level(one) for one in chart.levels),
        *(_series(drawn, chart.kind, one, i % COLOURS) for i, one in above),
    ]
    return tag(
        "div",
        legend([one.name for one in chart.series] if len(chart.series) > 1 else []),
        svg(identifier, chart.title, _described(chart), *inside),
    )


def band(chart: Band, identifier: str) -> Markup:
    points = [point for series in chart.series for point in series.points]
    ys = [value for point in points for value in point[1:]] + [one.y for one in chart.levels]
    drawn = frame([point[0] for point in points], ys)
    whole = all(float(point[0]).is_integer() for point in points)
    inside = [*drawn.axes(chart.x, chart.y, whole=whole)]
    for i, one in enumerate(chart.series):
        few = _thinned(one.points)
        upper = [(drawn.x(x), drawn.y(high)) for x, _, _, high in few]
        lower = [(drawn.x(x), drawn.y(low)) for x, low, _, _ in few]
        middle = [(drawn.x(x), drawn.y(value)) for x, _, value, _ in few]
        colour = f"c{i % COLOURS}"
        inside.append(tag("path", class_=f"band {colour}", d=path([*upper, *reversed(lower)], closed=True)))
        inside.append(tag("path", class_=f"line {colour}", d=path(middle)))
        if len(few) <= _MARKED:
            inside += [
                tag(
                    "circle",
                    tag("title", f"{number(x)}: {number(value)} ({number(low)} to {number(high)})"),
                    class_=f"point {colour}", cx=at[0], cy=at[1], r=2.5,
                )
                for (x, low, value, high), at in zip(few, middle, strict=True)
            ]  # fmt: skip
    inside += [drawn.level(one) for one in chart.levels]
    return tag(
        "div",
        legend([one.name for one in chart.series] if len(chart.series) > 1 else []),
        svg(identifier, chart.title, _described(chart), *inside),
    )


def _series(drawn: Frame, kind: str, one: Series, colour: int) -> Markup:
    mark = one.mark or ("points" if kind == "scatter" else "line")
    few = _thinned(one.points)
    at = [(drawn.x(x), drawn.y(y)) for x, y in few]
    size = 4 if one.mark == "points" and len(few) <= _MARKED else 2.5  # beside lines, and for themselves
    dots = [
        tag(
            "circle",
            tag("title", f"{one.name + ': ' if one.name else ''}{number(x)}, {number(y)}"),
            class_=f"point c{colour}", cx=px, cy=py, r=size,
        )
        for (x, y), (px, py) in zip(few, at, strict=True)
    ]  # fmt: skip
    if mark == "points":
        return tag("g", dots)
    if mark == "step":
        corners = [
            corner
            for (x, y), (after, _) in zip(at, [*at[1:], at[-1]] if at else [], strict=True)
            for corner in ((x, y), (after, y))
        ]
        return tag("path", class_=f"line c{colour}", d=path(corners))
    line = tag("path", class_=f"line c{colour}", d=path(at))
    return tag("g", line, dots) if 2 < len(few) <= _MARKED or len(few) == 1 else line


def _thinned(points: Sequence[_Point]) -> Sequence[_Point]:
    """Every so manieth, and the last one."""
    step = -(-len(points) // MOST_POINTS)
    if step <= 1:
        return points
    few = list(points[::step])
    return few if (len(points) - 1) % step == 0 else [*few, points[-1]]


def _described(chart: Curves | Band) -> str:
    """What is drawn, and where each curve ends: what one who hears a page wants to know of it."""
    parts = []
    for one in chart.series:
        name = one.name or chart.y or "values"
        ends = (
            f", the last {number(one.points[-1][-2 if isinstance(chart, Band) else -1])}"
            if one.points
            else ""
        )
        parts.append(f"{name}: {len(one.points)} points{ends if chart.kind != 'scatter' else ''}")
    over = f" over {chart.x}" if chart.x else ""
    return f"{chart.kind} of {chart.y or 'values'}{over}; {'; '.join(parts)}."
