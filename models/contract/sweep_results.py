"""The trials of a search in, what is told of them out: a document for reports and comparisons, and a table.

The document is `report.json` of the study and, in short, the output `report` of the task `best`; its shape is
in docs/sweeps.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from models.contract import lineage
from models.contract.params import Value
from models.contract.spec import MODELS, Unit
from models.contract.study import Asked, Tried

STATES = ("complete", "pruned", "failed")
MOST = 200  # trials of an output parameter, which Argo keeps in the status of the run
REASON = 200  # letters


def document(unit: Unit, asked: Asked, trials: Sequence[Tried], winner: Tried) -> dict[str, Any]:
    """All trials, by number; `metric` is that of the winner."""
    commit, dirty = lineage.commit(MODELS)
    counted = Counter(one.state for one in trials)
    return {
        "title": f"{unit.title}: best of {len(trials)} trials",
        "unit": unit.name,
        "metric": {"name": asked.by, "value": winner.value, "better": asked.better},
        "data": dict(winner.data),
        "commit": commit,
        "dirty": dirty,
        "search": dict(asked.search),
        "counts": {state: counted[state] for state in STATES},
        "best": _said(winner),
        "trials": [_said(one) for one in trials],
    }


def short(document: Mapping[str, Any]) -> dict[str, Any]:
    """At most MOST trials, the first ones and the best; `left_out` counts the others."""
    best, trials = document["best"], document["trials"]
    kept = trials[:MOST]
    if best["number"] >= MOST:
        kept = [*kept[:-1], best]
    cut = [{**one, "reason": one["reason"].partition("\n")[0][:REASON]} for one in kept]
    return {**document, "trials": cut, "left_out": len(trials) - len(kept)}


def table(trials: Sequence[Tried], by: str, winner: Tried) -> str:
    """A line a trial, for a log."""
    names = list(winner.params)
    rows = [["trial", *names, by, "seconds", ""]]
    for one in trials:
        value = one.state if one.value is None else f"{one.value:.6g}"
        rows.append([str(one.number), *(_short(one.params.get(name, "")) for name in names), value,
                     "" if one.seconds is None else f"{one.seconds:.1f}", _end(one, winner)])  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)) for row in rows
    )
    return "\n".join(f"{line}  {row[-1]}".rstrip() for line, row in zip(lines, rows, strict=True))


def shown(params: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in params.items())


def text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _said(one: Tried) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if name != "data"}


def _end(one: Tried, winner: Tried) -> str:
    if one is winner:
        return "best"
    if one.state == "pruned" and one.reached is not None:
        return f"at step {one.steps}: {one.reached:.6g}"
    return one.reason.partition("\n")[0][:60]


def _short(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else text(value)
