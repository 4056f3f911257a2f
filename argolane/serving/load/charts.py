"""What was measured in, charts of it for the report out: docs/reports.md has what a chart is made of."""

from collections.abc import Sequence
from typing import Any

from argolane.serving.load.measured import PERCENTILES, Measured, Second, in_ms

_POINTS = 100  # of a curve: outputs of a task have room for some kilobytes


def charts(measured: Measured) -> list[dict[str, Any]]:
    """Percentiles, and what came of each second; none of a test in which nothing was answered."""
    latencies, seconds = measured.total.latencies, measured.seconds
    cuts = [(f"p{percent:g}", latencies.percentile(percent)) for percent in PERCENTILES]
    bars = [{"name": name, "value": round(in_ms(value), 3)} for name, value in cuts if value is not None]
    made: list[dict[str, Any]] = []
    if bars:
        made.append({"kind": "bars", "title": "Latency", "x": "ms", "bars": bars})
    if len(seconds) > 1:
        answered, failed = _curve(seconds, "answered"), _curve(seconds, "failed")
        series = [answered, failed] if measured.total.failed else [answered]
        made.append(_line("Answers a second", "requests", series))
    if len(seconds) > 1 and bars:
        made.append(_line("Latency by second", "ms", [_curve(seconds, "p50"), _curve(seconds, "p99")]))
    return made


def _line(title: str, y: str, series: list[dict[str, Any]]) -> dict[str, Any]:
    known = [one for one in series if one["points"]]
    return {"kind": "line", "title": title, "x": "seconds", "y": y, "series": known}


def _curve(seconds: Sequence[Second], field: str) -> dict[str, Any]:
    every = -(-len(seconds) // _POINTS)
    points = [[one.second + 1, getattr(one, field)] for one in seconds[::every]]
    return {"name": field, "points": [point for point in points if point[1] is not None]}
