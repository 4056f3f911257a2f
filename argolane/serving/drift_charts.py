"""Comparisons of rows in, charts of them for the report out: the features that moved furthest.

docs/reports.md has what a chart is made of.
"""

from collections.abc import Sequence
from typing import Any

from argolane.serving.drifted import Drifted
from argolane.serving.statistics.drift import LARGE_CHANGE, SOME_CHANGE

WORST = 6


def drift_charts(found: Sequence[Drifted]) -> list[dict[str, Any]]:
    """Bars of the index, one chart a comparison, and after them tables of all that is known of the same."""
    return [*map(_bars, found), *map(_table, found)]


def _bars(found: Drifted) -> dict[str, Any]:
    """The last bar is where drift begins: the axis would else end at what moved furthest, however near."""
    bars = [{"name": one.feature, "value": round(one.psi, 4)} for one in found.features[:WORST]]
    return {
        "kind": "bars",
        "title": f"Drift from {found.against}",
        "x": "population stability index",
        "bars": [*bars, {"name": "(drift begins)", "value": LARGE_CHANGE}],
        "note": f"{found.asked}: {found.summary}. From {SOME_CHANGE:g} on it is to be watched, from"
        f" {LARGE_CHANGE:g} on it is drift, each where p is below 0.01.",
    }


def _table(found: Drifted) -> dict[str, Any]:
    return {
        "kind": "table",
        "title": f"Drift from {found.against}: the furthest of {len(found.features)} features",
        "columns": ["feature", "verdict", "PSI", "KS", "p"],
        "rows": [
            [one.feature, one.verdict, round(one.psi, 3), round(one.ks, 3), float(f"{one.p:.2g}")]
            for one in found.features[:WORST]
        ],
    }
