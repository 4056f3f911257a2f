"""Runs in, what is compared of them out: parameters that differ, metrics, durations, reasons of failures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from argolane.workflow.run.failure import reason
from argolane.workflow.run.measured import Measured, directed, measured
from argolane.workflow.run.recorded import RunFolder, tail
from argolane.workflow.run.result import Run
from argolane.workflow.run.tree import seconds, walk

SORTS = ("started", "duration", "metric")
_LOG_END = 8192


@dataclass(frozen=True)
class Facts:
    """Of one run: `parameters` are those of which not all runs of its workflow here have the same value."""

    run: Run
    measured: tuple[Measured, ...]
    parameters: Mapping[str, str]
    reason: str

    @property
    def on(self) -> str:
        return "local" if self.run.namespace is None else "argo"

    @property
    def started(self) -> str:
        return str(self.run.status.get("startedAt") or "")

    @property
    def seconds(self) -> float | None:
        return seconds(self.run.status)

    @property
    def durations(self) -> dict[str, float]:
        """By task; of one that was tried again all its attempts together."""
        found: dict[str, float] = {}
        tried: set[object] = set()
        for path, node in walk(self.run.status):
            if node.get("type") == "Retry":
                tried |= set(node.get("children") or ())
            elif node.get("type") not in ("Pod", "Suspend", "HTTP", "Plugin") or node.get("id") in tried:
                continue
            took = seconds(node)
            if took is not None and node.get("phase") not in ("Skipped", "Omitted"):
                found[path.partition("/")[2] or str(node.get("templateName") or path)] = took
        return found

    def to_dict(self) -> dict[str, Any]:
        took = self.seconds
        return {
            "name": self.run.name,
            "workflow": self.run.workflow,
            "on": self.on,
            "phase": self.run.phase,
            "reason": self.reason,
            "startedAt": self.started or None,
            "seconds": None if took is None else round(took, 3),
            "parameters": dict(self.parameters),
            "metrics": [one.to_dict() for one in self.measured],
        }


def of(runs: Sequence[Run]) -> list[Facts]:
    """What there is to tell of each, in the same order; a direction that one of them tells holds for all."""
    found = [measured(run.status) for run in runs]
    ways = directed(one for several in found for one in several)
    differing = {
        name: differ([run.values for run in runs if run.workflow == name])
        for name in {run.workflow for run in runs}
    }
    return [
        Facts(
            run,
            tuple(replace(one, better=one.better or ways.get(one.name, "")) for one in several),
            {name: run.values[name] for name in differing[run.workflow] if name in run.values},
            why(run),
        )
        for run, several in zip(runs, found, strict=True)
    ]


def differ(several: Sequence[Mapping[str, str]]) -> list[str]:
    """Names that not all have with the same value, in the order in which they are first met."""
    names = dict.fromkeys(name for values in several for name in values)
    return [name for name in names if len({values.get(name) for values in several}) > 1]


def why(run: Run) -> str:
    """The reason of a failure, with what its task said at last where its log is here."""
    folder = RunFolder(run.folder) if run.folder else None
    log = (lambda path: tail(folder.log(path), _LOG_END)) if folder else (lambda path: "")
    return reason(run.status, log) or (run.message if run.phase == "Error" else "")


def ordered(found: Iterable[Facts], by: str) -> list[Facts]:
    """Latest, shortest or best first; what has none of it comes last. Metrics of one name stand together."""
    several = list(found)
    if by == "duration":
        return sorted(several, key=lambda one: (one.seconds is None, one.seconds or 0.0))
    if by == "metric":
        return sorted(several, key=_by_metric)
    return sorted(several, key=lambda one: one.started, reverse=True)


def _by_metric(one: Facts) -> tuple[bool, str, float]:
    ranks = [(m.name, m.value if m.better == "lower" else -m.value) for m in one.measured]
    return (not ranks, *min(ranks, default=("", 0.0)))
