"""The page of a deployment's metrics in, what its units say of the drift of their inputs out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

_PREFIX = "argolane_drift_"


@dataclass(frozen=True)
class Watched:
    """Of a container, all its workers together: their rows, and the figures of whichever moved furthest.

    `features` are those that are told one by one, the furthest moved first. The figures are None until enough
    rows were asked.
    """

    pod: str
    container: str
    rows: int
    drifted: int | None
    watched: int | None
    psi_max: float | None
    features: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def live_drift(page: str) -> Sequence[Watched]:
    """Of each container that tells any. ValueError for a page that is none of Prometheus'."""
    from prometheus_client.parser import text_string_to_metric_families

    figures: dict[tuple[str, str], dict[str, float]] = {}
    features: dict[tuple[str, str], dict[str, float]] = {}
    for family in text_string_to_metric_families(page):
        if not family.name.startswith(_PREFIX):
            continue
        for sample in family.samples:
            unit = (sample.labels["pod"], sample.labels["container"])
            kept, name = (
                (features, sample.labels["feature"])
                if "feature" in sample.labels
                else (figures, sample.name.removeprefix(_PREFIX))
            )
            of_unit = kept.setdefault(unit, {})
            before = of_unit.get(name, 0.0)
            of_unit[name] = before + sample.value if name == "rows" else max(before, sample.value)
    return [
        Watched(
            *unit,
            rows=int(told["rows"]),
            drifted=_count(told.get("features")),
            watched=_count(told.get("features_watched")),
            psi_max=told.get("psi_max"),
            features=dict(sorted(features.get(unit, {}).items(), key=lambda item: -item[1])),
        )
        for unit, told in sorted(figures.items())
    ]


def _count(value: float | None) -> int | None:
    return None if value is None else int(value)
