"""The document of a search in, its charts out: all trials, how the best came about, which params did well.

docs/sweeps.md has the document's shape, docs/reports.md that of charts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.contract.charts import Chart

Told = Mapping[str, Any]


def charts(document: Told) -> list[Chart]:
    """Of what `sweep_results.short` gives; a drawing shows the trials that came to a value."""
    good = [one for one in document["trials"] if one["value"] is not None]
    left = document.get("left_out") or 0
    note = f"{left} more trials are in report.json of the study." if left else ""
    drawn = [_history(document, good), _parallel(document, good)] if good else []
    return [{**chart, "note": note} if note else chart for chart in (_table(document), *drawn)]


def _table(document: Told) -> Chart:
    metric, trials = document["metric"], document["trials"]
    names = list(document["best"]["params"])
    rows = [
        [
            one["number"],
            *(one["params"].get(name) for name in names),
            one["value"] if one["value"] is not None else one["reached"],
            one["seconds"],
            _became(one, document["best"]),
        ]
        for one in trials
    ]
    best = next(i for i, one in enumerate(trials) if one["number"] == document["best"]["number"])
    score = f"{metric['name']} ({metric['better']} is better)"
    columns = ["trial", *names, score, "seconds", "became"]
    return {"kind": "table", "title": document["title"], "columns": columns, "rows": rows, "best": best}


def _became(one: Told, best: Told) -> str:
    if one["number"] == best["number"]:
        return "best"
    reason = str(one["reason"]).partition("\n")[0]
    if one["state"] == "pruned" and not reason:
        return f"pruned at step {one['steps']}"
    return f"{one['state']}: {reason}" if reason else str(one["state"])


def _history(document: Told, good: Sequence[Told]) -> Chart:
    metric = document["metric"]
    pick = max if metric["better"] == "higher" else min
    values = [[one["number"], one["value"]] for one in good]
    so_far = [[number, pick(value for _, value in values[: i + 1])] for i, (number, _) in enumerate(values)]
    return {
        "kind": "line", "title": "How the best came about", "name": "history",
        "x": "trial", "y": metric["name"],
        "series": [
            {"name": "trial", "points": values, "mark": "points"},
            {"name": "best so far", "points": so_far, "mark": "step"},
        ],
    }  # fmt: skip


def _parallel(document: Told, good: Sequence[Told]) -> Chart:
    metric, names = document["metric"], list(document["best"]["params"])
    axes = [{"name": name, "log": bool(_range(document, name).get("log"))} for name in names]
    return {
        "kind": "parallel", "title": "Which params did well", "name": "search", "better": metric["better"],
        "axes": [*axes, {"name": metric["name"]}],
        "rows": [[*(one["params"][name] for name in names), one["value"]] for one in good],
    }  # fmt: skip


def _range(document: Told, name: str) -> Mapping[str, Any]:
    """What was searched of a param, where that is a range."""
    searched = document["search"].get(name)
    return searched if isinstance(searched, Mapping) else {}
