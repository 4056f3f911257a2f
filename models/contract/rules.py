"""A text and a rule in, whether it fits out: what a value of a param or of a workflow parameter may be.

A rule is plain JSON. Standard library only and one file, so that the guard's script can carry it along:
the guard of a workflow and the trainer's command line hold the same text to the same lines.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

TYPES = {
    "int": r"[+-]?[0-9]{1,18}",
    "float": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?",
    # Only what could end its line, or be taken for a reference to an environment variable, is refused.
    "str": r"((?!\$\()[^\x00-\x1f\x7f])*",
}
BOOL = ("true", "false")


def fits(text: str, rule: Mapping[str, Any]) -> bool:
    """Whether `text` is what the rule asks for: one of an enum, a pattern, or a type within its bounds.

    `{"enum": [...]}`, `{"pattern": ...}` or `{"type": "int", "low": 1, "high": 9}`, both bounds included.
    """
    if "enum" in rule:
        return text in rule["enum"]
    if not re.fullmatch(rule.get("pattern") or TYPES[rule["type"]], text):
        return False
    if rule.get("type") not in ("int", "float"):
        return True
    low, high = float(rule.get("low", "-inf")), float(rule.get("high", "inf"))
    return math.isfinite(float(text)) and low <= float(text) <= high
