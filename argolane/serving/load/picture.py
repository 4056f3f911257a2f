"""What was measured in, a picture out: SVG of latencies by number, of answers and latencies by second.

It stands alone, in light and dark, with no script; a step on a stock Python image draws it.
"""

from collections.abc import Sequence
from html import escape

from argolane.serving.load.histogram import coarse
from argolane.serving.load.measured import Measured, in_ms
from argolane.serving.load.table import told

_WIDE, _HIGH, _LEFT, _RIGHT, _TOP = 720.0, 150.0, 64.0, 16.0, 64.0
_GAP = 72.0  # between two panels: marks, a title
_RANGES, _MOST_POINTS = 48, 600
_STYLE = """
svg { font: 12px system-ui, sans-serif; --ink: #1f2328; --faint: #6e7781; --line: #d8dee4; --a: #0969da;
  --b: #bc4c00; --bad: #cf222e; --page: #ffffff }
@media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --faint: #8d96a0; --line: #30363d;
  --a: #4493f8; --b: #db6d28; --bad: #f85149; --page: #0d1117 } }
text { fill: var(--ink) } .faint { fill: var(--faint) } .grid { stroke: var(--line) }
.page { fill: var(--page) }
.a { fill: var(--a) } .bad { fill: var(--bad) } .mark { stroke: var(--ink); stroke-dasharray: 3 3 }
path { fill: none; stroke-width: 1.5 } path.a { stroke: var(--a); fill: none } path.b { stroke: var(--b) }
text.a { fill: var(--a) } text.b { fill: var(--b) }
"""


def picture(measured: Measured) -> str:
    """The text of an SVG file."""
    seconds = measured.seconds
    panels = [_latencies(measured, _TOP)]
    if len(seconds) > 1:
        rates: list[tuple[float, float | None]] = [
            (each.second + 0.5, float(each.answered)) for each in seconds
        ]
        p50: list[tuple[float, float | None]] = [(each.second + 0.5, each.p50) for each in seconds]
        p99: list[tuple[float, float | None]] = [(each.second + 0.5, each.p99) for each in seconds]
        failed = [each.second + 0.5 for each in seconds if each.failed]
        length = max(measured.length, len(seconds))
        panels.append(_curves("answers a second", [("a", "", rates)], failed, length, _TOP + _HIGH + _GAP))
        panels.append(
            _curves(
                "latency in ms", [("a", "p50", p50), ("b", "p99", p99)], [], length, _TOP + 2 * (_HIGH + _GAP)
            )
        )
    high = _TOP + len(panels) * (_HIGH + _GAP) - 12
    total = measured.total
    title = (
        f"{measured.rate:,.1f} answers a second; {total.answered:,} of {total.requests:,} requests answered"
    )
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE:g} {high:g}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDE:g}" height="{high:g}"/>',
        _text(_LEFT, 20, title, weight="600"),
        _text(_LEFT, 37, f"{measured.url}: {told(measured.plan)}", kind="faint"),
        *panels,
        "</svg>\n",
    ])  # fmt: skip


def _latencies(measured: Measured, top: float) -> str:
    found = list(coarse(measured.total.latencies, _RANGES))
    if not found:
        return _text(_LEFT, top + 20, "Nothing was answered.")
    most = max(number for _, _, number in found)
    wide = (_WIDE - _LEFT - _RIGHT) / len(found)
    bottom = top + _HIGH
    drawn = [_text(_LEFT, top - 6, "requests by latency in ms (logarithmic)", kind="faint")]
    drawn += _across(0, most, top)
    for at, (low, high, number) in enumerate(found):
        tall = _HIGH * number / most
        said = f"{in_ms(low):.3g} to {in_ms(high):.3g} ms: {number:,}"
        drawn.append(
            f'<rect class="a" x="{_LEFT + at * wide:.1f}" y="{bottom - tall:.1f}" width="{wide - 1:.1f}" '
            f'height="{tall:.1f}"><title>{said}</title></rect>'
        )
        if at % 8 == 0:
            drawn.append(_text(_LEFT + at * wide, bottom + 16, f"{in_ms(low):.3g}"))
    low, ratio = found[0][0], found[0][1] / found[0][0]
    for level, (percent, name) in enumerate(((50, "p50"), (99, "p99"), (99.9, "p99.9"))):
        value = measured.total.latencies.percentile(percent)
        if value is None:
            continue
        x, steps = _LEFT, 0.0
        while low * ratio ** (steps + 1) <= value:
            steps += 1
        x += (steps + (value / (low * ratio**steps) - 1) / (ratio - 1)) * wide
        drawn.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{top:g}" y2="{bottom:g}"/>')
        drawn.append(_text(x + 4, top + 12 + 14 * level, f"{name} {in_ms(value):.3g} ms"))
    return "\n".join(drawn)


def _curves(title: str, series: Sequence[tuple[str, str, Sequence[tuple[float, float | None]]]],
            failed: Sequence[float], length: float, top: float) -> str:  # fmt: skip
    """Curves over the seconds, and a red mark at those in which requests failed."""
    bottom = top + _HIGH
    most = max((y for _, _, points in series for _, y in points if y is not None), default=0) or 1.0

    def at(x: float) -> float:
        return _LEFT + (_WIDE - _LEFT - _RIGHT) * x / length

    drawn = [_text(_LEFT, top - 6, f"{title}, by second", kind="faint"), *_across(0, most, top)]
    drawn += [_text(at(length * k / 6), bottom + 16, f"{length * k / 6:.3g}") for k in range(6)]
    for place, (kind, name, points) in enumerate(series):
        every = -(-len(points) // _MOST_POINTS)
        known = [(x, y) for x, y in points[::every] if y is not None]
        way = "L".join(f"{at(x):.1f},{bottom - _HIGH * y / most:.1f}" for x, y in known)
        drawn.append(f'<path class="{kind}" d="M{way}"/>' if len(known) > 1 else "")
        drawn.append(_text(_WIDE - _RIGHT - 40 * (len(series) - place), top - 6, name, kind=kind))
    drawn += [
        f'<circle class="bad" cx="{at(x):.1f}" cy="{bottom:g}" r="3"><title>requests failed</title></circle>'
        for x in failed[:: -(-len(failed) // _MOST_POINTS) or 1]
    ]
    return "\n".join(drawn)


def _across(low: float, high: float, top: float) -> list[str]:
    drawn = []
    for share in (0, 0.5, 1):
        y = top + _HIGH * (1 - share)
        value = low + (high - low) * share
        drawn.append(f'<line class="grid" x1="{_LEFT:g}" x2="{_WIDE - _RIGHT:g}" y1="{y:g}" y2="{y:g}"/>')
        drawn.append(_text(_LEFT - 6, y + 4, f"{value:,.0f}" if value >= 100 else f"{value:.3g}", end=True))
    return drawn


def _text(x: float, y: float, text: str, *, kind: str = "", weight: str = "", end: bool = False) -> str:
    more = (f' class="{kind}"' if kind else "") + (f' font-weight="{weight}"' if weight else "")
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}{anchor}>{escape(text)}</text>'
