"""Named values in, horizontal bars out: names stand to the left, however long."""

from markupsafe import Markup

from argolane.report.charts.frame import LETTER, WIDTH, svg
from argolane.report.charts.kinds import Bars
from argolane.report.charts.markup import tag
from argolane.report.charts.scale import Scale, number, ticks

_ROW, _TOP, _BOTTOM = 20, 6, 42
_NAME = 24  # characters


def bars(chart: Bars, identifier: str) -> Markup:
    height = _TOP + _ROW * len(chart.bars) + _BOTTOM
    left = 12 + LETTER * min(_NAME, max(len(bar.name) for bar in chart.bars))
    ends = [0.0] + [bar.value + k * bar.spread for bar in chart.bars for k in (-1, 1)]
    low, high = min(ends), max(ends)
    x = Scale(low, high if high > low else low + 1, left, WIDTH - 16.0)
    bottom = height - _BOTTOM + 4
    inside = []
    for value in ticks(x.low, x.high):
        inside.append(tag("line", class_="grid", x1=x(value), x2=x(value), y1=_TOP, y2=bottom))
        inside.append(tag("text", number(value), x=x(value), y=bottom + 14, text_anchor="middle"))
    for i, bar in enumerate(chart.bars):
        top = _TOP + i * _ROW
        start, end = sorted((x(0.0), x(bar.value)))
        inside.append(
            tag(
                "g",
                tag("title", f"{bar.name}: {number(bar.value)}"),
                tag("text", _short(bar.name), x=left - 7, y=top + 14, text_anchor="end"),
                tag(
                    "rect",
                    class_="filled c0",
                    x=start,
                    y=top + 3,
                    width=max(end - start, 0.5),
                    height=_ROW - 6,
                ),
            )
        )
        if bar.spread:
            a, b, middle = x(bar.value - bar.spread), x(bar.value + bar.spread), top + _ROW / 2
            inside.append(tag("line", class_="spread", x1=a, x2=b, y1=middle, y2=middle))
    inside.append(tag("line", class_="base", x1=x(0.0), x2=x(0.0), y1=_TOP, y2=bottom))
    inside.append(
        tag("text", chart.x, class_="axis", x=(left + WIDTH) / 2, y=height - 5, text_anchor="middle")
    )
    said = ", ".join(f"{bar.name} {number(bar.value)}" for bar in chart.bars)
    return svg(identifier, chart.title, f"bars of {chart.x or 'values'}: {said}.", *inside, height=height)


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
