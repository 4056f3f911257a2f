"""A quantity as Kubernetes writes it in, the number it stands for out: `500m`, `1Gi`, `2e3`."""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([numkMGTPE]?i?|[eE][+-]?[0-9]+)")
_UNITS = {unit: Decimal(1000) ** i for i, unit in enumerate(("n", "u", "m", "", *"kMGTPE"), -3)}
_UNITS |= {f"{unit}i": Decimal(1024) ** i for i, unit in enumerate("KMGTPE", 1)}


def amount(quantity: object) -> Decimal | None:
    """`500m` -> 0.5, `1Gi` -> 2**30; None for what is no quantity, and for a negative one."""
    found = _QUANTITY.fullmatch(str(quantity))
    if not found:
        return None
    if found[2][:1] in ("e", "E") and found[2] not in _UNITS:
        return Decimal(found[0])
    return Decimal(found[1]) * _UNITS[found[2]] if found[2] in _UNITS else None
