"""Facts of some runs in, one table of values side by side out, with the better of each metric marked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argolane.workflow.run.facts import Facts, differ
from argolane.workflow.run.measured import Measured

Values = tuple[Any, ...]  # one for each run; None where it has none


@dataclass(frozen=True)
class Metric:
    """One metric by run; `of` tells apart what a run has several of."""

    of: str
    name: str
    better: str
    measured: tuple[Measured | None, ...]

    @property
    def best(self) -> tuple[int, ...]:
        """Which runs are better than another; none where no direction is known, or all are alike."""
        values = [one.value for one in self.measured if one]
        if not self.better or len(set(values)) < 2:
            return ()
        best = max(values) if self.better == "higher" else min(values)
        return tuple(i for i, one in enumerate(self.measured) if one and one.value == best)

    @property
    def same_data(self) -> bool:
        """Whether what is compared is of the same rows, as far as is known: of one file, and as many."""
        told = [one for one in self.measured if one]
        files, words = ({getattr(one, name) for one in told} - {""} for name in ("data_sha256", "data"))
        return len(files) < 2 and len(words) < 2

    @property
    def scores(self) -> dict[str, Values]:
        """Further ones by name."""
        names = dict.fromkeys(name for one in self.measured if one for name in one.scores)
        return {
            name: tuple(one.scores.get(name) if one else None for one in self.measured)
            for name in names
            if name != self.name
        }

    def each(self, value: Callable[[Measured], Any]) -> Values:
        return tuple(value(one) if one else None for one in self.measured)


@dataclass(frozen=True)
class Comparison:
    runs: tuple[Facts, ...]
    parameters: Mapping[str, Values]
    metrics: tuple[Metric, ...]
    durations: Mapping[str, Values]

    def to_dict(self) -> dict[str, Any]:
        names = [one.run.name for one in self.runs]

        def by_run(values: Sequence[Any]) -> dict[str, Any]:
            return {name: value for name, value in zip(names, values, strict=True) if value is not None}

        return {
            "runs": [one.to_dict() for one in self.runs],
            "parameters": {name: by_run(values) for name, values in self.parameters.items()},
            "metrics": [
                {
                    "of": metric.of,
                    "name": metric.name,
                    "better": metric.better,
                    "values": by_run(metric.each(lambda one: one.value)),
                    "best": [names[i] for i in metric.best],
                    "sameData": metric.same_data,
                }
                for metric in self.metrics
            ],
            "durations": {task: by_run(values) for task, values in self.durations.items()},
        }


def compare(runs: Sequence[Facts], *, everything: bool = False) -> Comparison:
    """Side by side, in the order given; `everything` has also the parameters that are alike."""
    values = [one.run.values for one in runs]
    names = list(dict.fromkeys(name for each in values for name in each)) if everything else differ(values)
    tasks = list(dict.fromkeys(task for one in runs for task in one.durations))
    took = [one.durations for one in runs]
    return Comparison(
        tuple(runs),
        {name: tuple(each.get(name) for each in values) for name in names},
        tuple(_metrics(runs)),
        {task: tuple(round(t[task], 3) if task in t else None for t in took) for task in tasks},
    )


def _metrics(runs: Sequence[Facts]) -> list[Metric]:
    found = []
    for name in dict.fromkeys(one.name for facts in runs for one in facts.measured):
        mine = [[one for one in facts.measured if one.name == name] for facts in runs]
        tell = _apart(mine)
        for key in dict.fromkeys(tell(one) for several in mine for one in several):
            row = tuple(next((one for one in several if tell(one) == key), None) for several in mine)
            better = next((one.better for one in row if one and one.better), "")
            found.append(Metric(key, name, better, row))
    return found


def _apart(mine: Sequence[Sequence[Measured]]) -> Callable[[Measured], str]:
    """By what a run's metrics of one name are told apart: nothing, what they are of, or its version, too."""
    ways: tuple[Callable[[Measured], str], ...] = (
        lambda one: "",
        lambda one: one.of,
        lambda one: f"{one.of} {one.version}".rstrip(),
    )
    for way in ways:
        if all(len({way(one) for one in several}) == len(several) for several in mine):
            return way
    return lambda one: f"{one.of} {one.version} {one.task}"
