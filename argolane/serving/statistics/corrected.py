"""Several p values in, the same out as they count when all are looked at together."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def holm(values: Mapping[Key, float]) -> dict[Key, float]:
    """Holm, "A simple sequentially rejective multiple test procedure" (Scand. J. Statistics 1979)."""
    adjusted: dict[Key, float] = {}
    highest = 0.0
    for rank, key in enumerate(sorted(values, key=lambda key: values[key])):
        highest = max(highest, min(1.0, values[key] * (len(values) - rank)))
        adjusted[key] = highest
    return {key: adjusted[key] for key in values}
