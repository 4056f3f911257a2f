"""A quantity as Kubernetes writes it in, the number it stands for out: `500m`, `1Gi`, `2e3`.

Three readers take different texts: the schema of a custom resource, Go's parser, and who compares amounts.
"""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([numkMGTPE]?i?|[eE][+-]?[0-9]+)")
# What the schema of a custom resource takes.
SCHEMA = re.compile(
    r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+))?"
)
# What Go's parser takes, and the suffixes that it knows.
_GO = re.compile(r"[+-]?[0-9]*(?:\.[0-9]*)?([eEinumkKMGTP]*[-+]?[0-9]*)")
_GO_SUFFIX = re.compile(r"|[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+")
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


def problem(text: str) -> str | None:
    """What is wrong with 100MB: Kubernetes' words, which name no field."""
    found = _GO.fullmatch(text)
    if not text or not found:
        return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    return None if _GO_SUFFIX.fullmatch(found[1]) else "unable to parse quantity's suffix"
