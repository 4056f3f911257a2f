"""Charts in, figures of a page out: SVG and tables that need no script, in the page's light and dark colours.

What a step gives as its output `charts` is read by `kinds`; here it is handed to the module of its kind.
"""

from markupsafe import Markup

from argolane.report.charts.bars import bars
from argolane.report.charts.curves import band, curves
from argolane.report.charts.kinds import Band, Bars, Chart, Curves, Matrix, Parallel, Table, read
from argolane.report.charts.markup import tag
from argolane.report.charts.matrix import matrix
from argolane.report.charts.parallel import parallel
from argolane.report.charts.table import table

__all__ = ["figure", "read"]

WIDE = 5  # axes of parallel coordinates that no longer fit beside another chart


def figure(chart: Chart, identifier: str) -> Markup:
    """`identifier` is unique on the page."""
    across = isinstance(chart, Table) or (isinstance(chart, Parallel) and len(chart.axes) >= WIDE)
    return tag(
        "figure",
        tag("figcaption", chart.title),
        _drawn(chart, identifier),
        tag("p", chart.note, class_="faint") if chart.note else "",
        class_="chart across" if across else "chart",
        id=identifier,
    )


def _drawn(chart: Chart, identifier: str) -> Markup:
    match chart:
        case Curves():
            return curves(chart, identifier)
        case Band():
            return band(chart, identifier)
        case Bars():
            return bars(chart, identifier)
        case Matrix():
            return matrix(chart, identifier)
        case Parallel():
            return parallel(chart, identifier)
        case Table():
            return table(chart, identifier)
