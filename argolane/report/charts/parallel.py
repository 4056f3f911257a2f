"""Rows in, parallel coordinates out: a line a row, an axis a column; the better, the stronger its line."""

from collections.abc import Sequence

from markupsafe import Markup

from argolane.report.charts.frame import HEIGHT, LETTER, WIDTH, path, sideways, svg
from argolane.report.charts.kinds import Axis, Cell, Parallel
from argolane.report.charts.markup import tag
from argolane.report.charts.scale import Scale, number

_TOP, _BOTTOM, _SIDE, _APART = 30.0, 24, 46, 110
_MOST_NAMES = 12  # of an axis whose values are words
_NAME = 16  # characters
_GAP = 5  # between an axis and its marks


def parallel(chart: Parallel, identifier: str) -> Markup:
    width = max(WIDTH, 2 * _SIDE + _APART * (len(chart.axes) - 1))
    apart = (width - 2 * _SIDE) / (len(chart.axes) - 1)
    columns = list(zip(*chart.rows, strict=True))
    heights = [_heights(axis, column) for axis, column in zip(chart.axes, columns, strict=True)]
    order = sorted(range(len(chart.rows)), key=lambda k: heights[-1][k], reverse=chart.better == "lower")
    inside = []
    for rank, k in reversed(list(enumerate(order))):  # the best last, above all others
        best = rank == 0 and bool(chart.better)
        points = [(_SIDE + j * apart, column[k]) for j, column in enumerate(heights)]
        said = ", ".join(f"{axis.name} {_said(v)}" for axis, v in zip(chart.axes, chart.rows[k], strict=True))
        strength = 1.0 if best or not chart.better else 0.75 - 0.55 * rank / len(order)
        inside.append(
            tag(
                "path", tag("title", said), class_=f"line {'c1 best' if best else 'c0'}", d=path(points),
                stroke_opacity=f"{strength:.2f}",
            )
        )  # fmt: skip
    for j, (axis, column) in enumerate(zip(chart.axes, columns, strict=True)):
        inside += _axis(_SIDE + j * apart, axis, column, heights[j], first=j == 0)
    way = f" ({chart.better} is better)" if chart.better else ""
    names = ", ".join(axis.name for axis in chart.axes)
    said = f"{len(chart.rows)} rows over {names}{way}."
    drawn = svg(identifier, chart.title, said, *inside, width=width)
    return sideways(chart.title, drawn, least=width) if width > WIDTH else drawn


def _axis(
    x: float, axis: Axis, column: Sequence[Cell], heights: Sequence[float], *, first: bool
) -> list[Markup]:
    """Marks stand where no line is: on the left of the first axis if there is room, else on the right."""
    drawn = [
        tag("line", class_="base", x1=x, x2=x, y1=_TOP, y2=HEIGHT - _BOTTOM),
        tag("text", axis.name[:_NAME], class_="axis", x=x, y=14, text_anchor="middle"),
    ]
    marks = dict(sorted({h: _said(v) for h, v in zip(heights, column, strict=True)}.items()))
    if _numbers(column) or len(marks) > _MOST_NAMES:
        marks = {h: marks[h] for h in (min(marks), max(marks))}
    left = first and max(map(len, marks.values())) * LETTER <= _SIDE - _GAP
    place = {"x": x - _GAP, "text_anchor": "end"} if left else {"x": x + _GAP}
    return drawn + [tag("text", text[:_NAME], class_="halo", y=h + 4, **place) for h, text in marks.items()]


def _heights(axis: Axis, column: Sequence[Cell]) -> list[float]:
    """Numbers by their size, what is no number by its place among the words."""
    bottom, middle = HEIGHT - _BOTTOM, (HEIGHT - _BOTTOM + _TOP) / 2
    numbers = _numbers(column)
    if not numbers:
        words = sorted({_said(value) for value in column})
        numbers = [float(words.index(_said(value))) for value in column]
    if min(numbers) == max(numbers):
        return [middle] * len(numbers)
    scale = Scale(min(numbers), max(numbers), bottom, _TOP, log=axis.log and min(numbers) > 0)
    return [scale(value) for value in numbers]


def _numbers(column: Sequence[Cell]) -> list[float]:
    """[] where one of them is none."""
    found = [float(v) for v in column if isinstance(v, int | float) and not isinstance(v, bool)]
    return found if len(found) == len(column) else []


def _said(value: Cell) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return number(value) if isinstance(value, int | float) else str(value)
