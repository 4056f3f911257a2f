"""Columns and rows in, a table of HTML out."""

from markupsafe import Markup

from argolane.report.charts.frame import sideways
from argolane.report.charts.kinds import Cell, Table
from argolane.report.charts.markup import tag


def table(chart: Table, _: str) -> Markup:
    head = tag("tr", [tag("th", name, scope="col") for name in chart.columns])
    rows = [
        tag(
            "tr",
            [tag("td", _said(cell), class_="number" if _is_number(cell) else None) for cell in row],
            class_="best" if i == chart.best else None,
        )
        for i, row in enumerate(chart.rows)
    ]
    whole = tag("table", tag("thead", head), tag("tbody", rows), class_="rows")
    return sideways(chart.title, whole)


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _said(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"{cell:.5g}" if isinstance(cell, float) else str(cell)
