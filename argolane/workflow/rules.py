"""What a template says of its parameters' values in, whether a value fits out: asked before a run starts.

Argo's parameters have an enum and nothing for numbers and patterns, so a template may say more in its
annotation `argolane.dev/parameters`: a JSON object {parameter: rule}. A rule is `{"pattern": ...}` or
`{"type": "int", "low": 1, "high": 9}` (also float and str; both bounds are included), with `expected`, the
words for a message. Whoever wrote the template wrote the rules; nothing of any workflow is known here.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from argolane.errors import ManifestError

ANNOTATION = "argolane.dev/parameters"
_TYPES = {
    "int": r"[+-]?[0-9]{1,18}",
    "float": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?",
    "str": r"((?!\$\()[^\x00-\x1f\x7f])*",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A pattern that the whole value matches, or a type with its bounds."""

    pattern: str | None = None
    type: str = "str"
    low: float = -math.inf
    high: float = math.inf
    expected: str = ""

    def fits(self, value: str) -> bool:
        if not re.fullmatch(self.pattern if self.pattern is not None else _TYPES[self.type], value):
            return False
        if self.pattern is not None or self.type == "str":
            return True
        return math.isfinite(float(value)) and self.low <= float(value) <= self.high

    @property
    def words(self) -> str:
        return self.expected or (
            f"what matches {self.pattern}" if self.pattern else f"a value of type {self.type}"
        )


def read(metadata: Mapping[str, Any], *, where: str) -> dict[str, Rule]:
    """The rules by parameter; ManifestError when the annotation holds something else."""
    text = (metadata.get("annotations") or {}).get(ANNOTATION)
    if text is None:
        return {}
    place = f"{where}: metadata.annotations['{ANNOTATION}']"
    try:
        found = json.loads(str(text))
    except ValueError as error:
        raise ManifestError([f"{place}: is not JSON: {error}."]) from None
    if not isinstance(found, dict):
        raise ManifestError([f"{place}: is no JSON object; expected {{parameter: rule}}."])
    if faults := [f"{place}: {name}: {fault}" for name, rule in found.items() if (fault := _fault(rule))]:
        raise ManifestError(faults)
    return {name: Rule(**rule) for name, rule in found.items()}


def _fault(rule: object) -> str:
    known = [field.name for field in fields(Rule)]
    if not isinstance(rule, dict) or not set(rule) <= set(known):
        return f"the rule is {rule!r}; expected an object with some of {', '.join(known)}."
    if rule.get("type", "str") not in _TYPES:
        return f"the type is {rule['type']!r}; expected one of {', '.join(_TYPES)}."
    for end in ("low", "high"):
        if isinstance(rule.get(end, 0), bool) or not isinstance(rule.get(end, 0), int | float):
            return f"{end} is {rule[end]!r}; expected a number."
    try:
        re.compile(str(rule.get("pattern") or ""))
    except re.error as error:
        return f"the pattern {rule['pattern']!r} is none: {error}."
    return ""
