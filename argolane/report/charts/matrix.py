"""Counts in, a square for each out: the darker, the greater its share of the row."""

from markupsafe import Markup

from argolane.report.charts.frame import LETTER, WIDTH, svg
from argolane.report.charts.kinds import Matrix
from argolane.report.charts.markup import tag
from argolane.report.charts.scale import number

_TOP, _BOTTOM, _TALLEST = 22, 40, 30
_NAME = 12  # characters


def matrix(chart: Matrix, identifier: str) -> Markup:
    left = 16 + LETTER * min(_NAME, max(map(len, chart.rows)))
    across = (WIDTH - left - 6) / len(chart.columns)
    down = min(_TALLEST, max(across * 0.75, 14))
    height = _TOP + down * len(chart.rows) + _BOTTOM
    inside = [tag("text", chart.y, class_="axis", x=2, y=14)]
    for i, (name, row) in enumerate(zip(chart.rows, chart.cells, strict=True)):
        y, whole = _TOP + i * down, sum(map(abs, row)) or 1.0
        inside.append(tag("text", name[:_NAME], x=left - 7, y=y + down / 2 + 4, text_anchor="end"))
        for j, value in enumerate(row):
            share = abs(value) / whole
            said = f"{chart.y or 'row'} {name}, {chart.x or 'column'} {chart.columns[j]}: {number(value)}"
            square = tag(
                "rect", class_="cell", x=left + j * across, y=y, width=across - 1, height=down - 1,
                fill_opacity=f"{share:.3f}",
            )  # fmt: skip
            text = tag(
                "text", number(value) if value and across > 20 else "", text_anchor="middle",
                class_="on" if share > 0.5 else None, x=left + (j + 0.5) * across, y=y + down / 2 + 4,
            )  # fmt: skip
            inside.append(tag("g", tag("title", said), square, text))
    for j, name in enumerate(chart.columns):
        at = left + (j + 0.5) * across
        inside.append(
            tag(
                "text",
                name[: max(2, int(across / LETTER))],
                x=at,
                y=height - _BOTTOM + 15,
                text_anchor="middle",
            )
        )
    inside.append(
        tag("text", chart.x, class_="axis", x=(left + WIDTH) / 2, y=height - 6, text_anchor="middle")
    )
    said = f"matrix of {len(chart.rows)} rows ({chart.y}) and {len(chart.columns)} columns ({chart.x})."
    return svg(identifier, chart.title, said, *inside, height=height)
