"""The room of a chart in, its axes with marks and titles out; and the figure that a drawing stands in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from argolane.report.charts.kinds import Level
from argolane.report.charts.markup import tag
from argolane.report.charts.scale import Scale, around, number, ticks

WIDTH, HEIGHT = 420, 270
_TOP, _RIGHT, _BOTTOM = 26, 14, 42
COLOURS = 6
LETTER = 7.2  # pixels of one at the size of the marks


@dataclass(frozen=True)
class Frame:
    """Where values of both axes are drawn."""

    x: Scale
    y: Scale

    def axes(self, x_title: str, y_title: str, *, whole: bool) -> list[Markup]:
        """Marks, lines across and titles; that of y above, so that it is read without turning one's head."""
        left, right, bottom = self.x.start, self.x.end, self.y.start
        drawn = [tag("text", y_title, class_="axis", x=2, y=14)]
        for value in ticks(self.y.low, self.y.high):
            at = self.y(value)
            drawn.append(tag("line", class_="grid", x1=left, x2=right, y1=at, y2=at))
            drawn.append(tag("text", number(value), x=left - 7, y=at + 4, text_anchor="end"))
        for value in ticks(self.x.low, self.x.high, most=6):
            if whole and not float(value).is_integer():
                continue
            at = self.x(value)
            drawn.append(tag("line", class_="tick", x1=at, x2=at, y1=bottom, y2=bottom + 4))
            drawn.append(tag("text", number(value), x=at, y=bottom + 17, text_anchor="middle"))
        drawn.append(tag("line", class_="base", x1=left, x2=right, y1=bottom, y2=bottom))
        drawn.append(
            tag("text", x_title, class_="axis", x=(left + right) / 2, y=HEIGHT - 6, text_anchor="middle")
        )
        return drawn

    def level(self, one: Level) -> Markup:
        at = self.y(one.y)
        line = tag("line", class_="level", x1=self.x.start, x2=self.x.end, y1=at, y2=at)
        return tag(
            "g", line, tag("text", one.name, class_="axis", x=self.x.end - 2, y=at - 4, text_anchor="end")
        )


def frame(xs: Sequence[float], ys: Sequence[float]) -> Frame:
    """Of the values on both axes; as much to the left as the longest mark needs."""
    vertical = around(ys, start=float(HEIGHT - _BOTTOM), end=float(_TOP))
    longest = max(len(number(value)) for value in ticks(vertical.low, vertical.high))
    return Frame(around(xs, start=14 + LETTER * longest, end=float(WIDTH - _RIGHT), room=0.02), vertical)


def path(points: Iterable[tuple[float, float]], *, closed: bool = False) -> str:
    text = "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f"M{text}{'Z' if closed else ''}" if text else ""


def svg(
    identifier: str, title: str, described: str, *inside: Markup, width: float = WIDTH, height: float = HEIGHT
) -> Markup:
    """A picture with a title and a description, for who does not see it."""
    return tag(
        "svg",
        tag("title", title, id=f"{identifier}-title"),
        tag("desc", described, id=f"{identifier}-desc"),
        inside,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_labelledby=f"{identifier}-title {identifier}-desc",
    )


def legend(names: Sequence[str], *, mark: str = "") -> Markup:
    """'' where one series says by its axis what it is."""
    if not any(names):
        return Markup("")
    entries = [
        tag("li", tag("span", class_=f"swatch {mark} c{i % COLOURS}"), name or f"series {i + 1}")
        for i, name in enumerate(names)
    ]
    return tag("ul", entries, class_="legend")


def sideways(label: str, inside: Markup, *, least: float = 0) -> Markup:
    """What may be wider than the page, and says so; `least` is the width below which it is not to be read."""
    wide = tag(
        "div",
        inside,
        class_="wide",
        tabindex=0,
        role="region",
        aria_label=label,
        style=f"--least:{least:g}px" if least else None,
    )
    return wide + tag("p", "⇄ wider than this page: scroll sideways", class_="hint")
