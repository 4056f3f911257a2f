"""A run's nodes in, what they measured out: metrics with direction, data and commit, from steps' outputs.

Two shapes are read, whoever wrote them: a JSON object with a `metric` of name, value and better, as a version
or a report has it (at its top, or in a list inside), and the text of an output `metric` or `...-metric`, as
`accuracy 0.98`, with what is beside it: `data`, `digest`, `commit`; unit and version are then inputs.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from argolane.workflow.run.result import METRIC
from argolane.workflow.run.tree import Node, task_of

DIRECTIONS = ("higher", "lower")
_TEXT = re.compile(r"\s*([A-Za-z_][\w.@/-]*)\s*[ =:]\s*(\S+)\s*")
_DEEPEST = 4


@dataclass(frozen=True)
class Measured:
    """One metric of one thing; what nobody told is ''."""

    task: str
    name: str
    value: float
    better: str = ""  # higher or lower
    unit: str = ""
    version: str = ""
    data: str = ""  # in words
    data_sha256: str = ""
    digest: str = ""
    commit: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    exact: bool = False  # not rounded for a reader

    @property
    def of(self) -> str:
        """What was measured, in short: the unit, else the task."""
        return self.unit or self.task

    def to_dict(self) -> dict[str, Any]:
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "exact"}


def measured(status: Mapping[str, Any]) -> tuple[Measured, ...]:
    """All that a run measured, in the order of its tasks; what several tasks tell of one thing is one."""
    nodes: Mapping[str, Node] = status.get("nodes") or {}
    found: list[Measured] = []
    for node in sorted(nodes.values(), key=lambda node: str(node.get("finishedAt") or "~")):
        for one in _of_node(node):
            at = next((i for i, known in enumerate(found) if _same(known, one)), None)
            if at is None:
                found.append(one)
            else:
                found[at] = _joined(found[at], one)
    return tuple(found)


def directed(several: Iterable[Measured]) -> dict[str, str]:
    """Which way each metric is better, where everybody who tells says the same."""
    told: dict[str, set[str]] = {}
    for one in several:
        if one.better:
            told.setdefault(one.name, set()).add(one.better)
    return {name: next(iter(ways)) for name, ways in told.items() if len(ways) == 1}


def shown(value: float) -> str:
    """Four decimals for what is small, six digits for what is not."""
    return f"{value:.4f}" if 1e-3 <= abs(value) < 10 or value == 0 else f"{value:.6g}"


def _of_node(node: Node) -> Iterator[Measured]:
    texts = _texts(node, "outputs")
    whole = [*texts.values(), str((node.get("outputs") or {}).get("result") or "")]
    task = task_of(str(node.get("displayName") or ""))
    exact = [one for text in whole for document in _documents(text) for one in _in(document, task, _DEEPEST)]
    yield from exact
    given = _texts(node, "inputs")
    for name, text in texts.items():
        if name != METRIC and not name.endswith(f"-{METRIC}"):
            continue
        said = _said(text)
        if said is None or any(one.name == said[0] for one in exact):
            continue
        yield Measured(
            task, *said, unit=given.get("unit", ""), version=given.get("version", ""),
            data_sha256=texts.get("data", ""), digest=_bare(texts.get("digest", "")),
            commit=texts.get("commit", ""),
        )  # fmt: skip


def _texts(node: Node, side: str) -> dict[str, str]:
    listed = (node.get(side) or {}).get("parameters") or []
    return {str(p.get("name")): str(p["value"]) for p in listed if p.get("value") not in (None, "")}


def _said(text: str) -> tuple[str, float] | None:
    """`accuracy 0.98` or `accuracy=0.98`; None for anything else."""
    match = _TEXT.fullmatch(text)
    value = _number(match[2]) if match else None
    return (match[1], value) if match and value is not None else None


def _documents(text: str) -> Iterator[Mapping[str, Any]]:
    if text.lstrip()[:1] == "{" and f'"{METRIC}"' in text:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield value


def _in(document: Mapping[str, Any], task: str, deep: int) -> Iterator[Measured]:
    """The metric of a document, and of those in its lists: the arms of a report."""
    metric = document.get(METRIC)
    value = _number(metric.get("value")) if isinstance(metric, Mapping) else None
    if isinstance(metric, Mapping) and metric.get("name") and value is not None:
        yield _measured(document, metric, task, value)
    if not deep:
        return
    for inner in document.values():
        for each in inner if isinstance(inner, list) else ():
            if isinstance(each, Mapping):
                yield from _in(each, task, deep - 1)


def _measured(document: Mapping[str, Any], metric: Mapping[str, Any], task: str, value: float) -> Measured:
    told, scores = document.get("data"), document.get("scores")
    data: Mapping[str, Any] = told if isinstance(told, Mapping) else {"description": told}
    commit = str(document.get("commit") or "")
    named = {"unit": document.get("unit") or document.get("model"), "version": document.get("version")}
    return Measured(
        task=task,
        name=str(metric["name"]),
        value=value,
        better=str(metric["better"]) if metric.get("better") in DIRECTIONS else "",
        data=str(data.get("description") or data.get("name") or document.get("dataset") or ""),
        data_sha256=str(data.get("sha256") or ""),
        digest=_bare(str(document.get("digest") or "")),
        commit=commit + ("-dirty" if commit and document.get("dirty") is True else ""),
        scores={
            str(name): number
            for name, score in (scores.items() if isinstance(scores, Mapping) else ())
            if (number := _number(score)) is not None
        },
        exact=True,
        **{key: str(text) for key, text in named.items() if isinstance(text, str | int | float)},
    )


def _number(value: object) -> float | None:
    """A finite number; None for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _same(a: Measured, b: Measured) -> bool:
    if a.name != b.name:
        return False
    if a.unit and b.unit:
        return (a.unit, a.version) == (b.unit, b.version)
    return a.task == b.task or bool(a.digest and a.digest == b.digest)


def _joined(old: Measured, new: Measured) -> Measured:
    """The later one counts, but what is exact is not given up for what was rounded for a reader."""
    later, earlier = (old, new) if old.exact and not new.exact else (new, old)
    missing = {
        one.name: value
        for one in fields(Measured)
        if not getattr(later, one.name) and (value := getattr(earlier, one.name)) and one.name != "value"
    }
    return replace(later, **missing, task=old.task)


def _bare(digest: str) -> str:
    return digest.removeprefix("sha256:")
