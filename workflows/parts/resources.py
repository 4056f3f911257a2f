"""Units in, what a container needs out that trains one of them, or may be any of them."""

from collections.abc import Iterable
from typing import Any

from hera.workflows import models as m

from models.contract.spec import Resources, Unit

UNITS = {"": 1.0, "m": 1e-3, "k": 1e3, **{p: 1000.0**n for n, p in enumerate("KMGT", 1)},
         **{f"{p}i": 1024.0**n for n, p in enumerate("KMGT", 1)}}  # fmt: skip


def to_train(unit: Unit) -> m.ResourceRequirements:
    """What model.yaml says that a training of the unit needs."""
    needs = unit.resources.train
    return m.ResourceRequirements.model_validate(needs.model_dump() if needs else {})


def with_cpu(needs: m.ResourceRequirements, most: str) -> m.ResourceRequirements:
    """The same with at most so many processors."""
    told = needs.model_dump(by_alias=True, exclude_none=True)
    for part in ("requests", "limits"):
        given = told.setdefault(part, {})
        if "cpu" in given or part == "limits":
            given["cpu"] = min(given.get("cpu", most), most, key=amount)
    return m.ResourceRequirements.model_validate(told)


def largest(needs: Iterable[Resources]) -> dict[str, Any]:
    """Requests and limits; the CPU and the memory may come from two units."""
    found: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for need in needs:
        for part, quantities in (("requests", need.requests), ("limits", need.limits)):
            for name, quantity in quantities.items():
                found[part][name] = max(found[part].get(name, quantity), quantity, key=amount)
    return found


def amount(quantity: str) -> float:
    """The number that Kubernetes reads a quantity such as 500m or 1Gi as."""
    digits = quantity.rstrip("mkKMGTi")
    return float(digits) * UNITS[quantity[len(digits) :]]
