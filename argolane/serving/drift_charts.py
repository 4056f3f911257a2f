"""A comparison of rows in, charts of it for the report out: the features that moved furthest.

docs/reports.md has what a chart is made of.
"""

from typing import Any

from argolane.serving.drifted import Drifted
from argolane.serving.statistics.drift import LARGE_CHANGE, SOME_CHANGE

WORST = 10


def drift_charts(found: Drifted) -> list[dict[str, Any]]:
    """Bars of the index, and a table of all that is known of the same features."""
    title = f"Drift of {found.asked} from what {found.against} has learned"
    furthest = found.features[:WORST]
    left = len(found.features) - len(furthest)
    shown = f" Shown are the {len(furthest)} that moved furthest." if left else ""
    return [
        {
            "kind": "bars",
            "title": title,
            "x": "population stability index",
            "bars": [{"name": one.feature, "value": round(one.psi, 4)} for one in furthest],
            "note": f"{found.summary}.{shown} {SOME_CHANGE:g} is to be watched, {LARGE_CHANGE:g} is drift,"
            " where p is below 0.01.",
        },
        {
            "kind": "table",
            "title": f"{title}, by feature",
            "columns": ["feature", "PSI", "KS", "p", "verdict"],
            "rows": [
                [one.feature, round(one.psi, 3), round(one.ks, 3), float(f"{one.p:.2g}"), one.verdict]
                for one in furthest
            ],
        },
    ]
