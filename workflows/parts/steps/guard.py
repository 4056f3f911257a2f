"""Workflow parameters in, a verdict and the names of the images out: the first task of every workflow.

Argo takes any value for a parameter with an enum, and any parameter name, without a word; both end here,
before anything else starts. Environment: PARAMETERS is the JSON list Argo makes of all parameters, RULES a
JSON object {parameter: rule}, IMAGES the names that later tasks ask for, one file each below OUTPUTS.
"""

import difflib
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TYPES = {
    "int": r"[+-]?[0-9]{1,18}",
    "float": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?",
    # Only what could end its line, or be taken for a reference to an environment variable, is refused.
    "str": r"((?!\$\()[^\x00-\x1f\x7f])*",
}


def fits(value: str, rule: dict[str, Any]) -> bool:
    """Whether `value` is what `rule` asks for: an enum, a pattern, or a type with bounds."""
    if "enum" in rule:
        return value in rule["enum"]
    if not re.fullmatch(rule.get("pattern") or TYPES[rule["type"]], value):
        return False
    if rule.get("type") not in ("int", "float"):
        return True
    low, high = float(rule.get("low", "-inf")), float(rule.get("high", "inf"))
    return low <= float(value) <= high


def faults(parameters: list[dict[str, str]], rules: dict[str, Any]) -> list[str]:
    """Every fault of the parameters [{name, value}] against the rules, as one line each."""
    given = {parameter["name"]: parameter.get("value") for parameter in parameters}
    found = []
    for name in sorted(given.keys() - rules.keys()):
        close = difflib.get_close_matches(name, rules, n=1)
        known = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(sorted(rules))}."
        found.append(f"No parameter {name!r}. {known}")
    for name, rule in rules.items():
        value = given.get(name)
        if value is None:
            found.append(f"Parameter {name!r} has no value.")
        elif not fits(value, rule):
            expected = rule.get("expected") or "one of " + ", ".join(rule["enum"])
            found.append(f"Parameter {name!r} is {value!r}; expected {expected}.")
    return found


def main(environ: Mapping[str, str] = os.environ) -> None:
    parameters = json.loads(environ["PARAMETERS"])
    found = faults(parameters, json.loads(environ["RULES"]))
    if found:
        sys.exit("\n".join(found))
    values = {parameter["name"]: parameter["value"] for parameter in parameters}
    for name, value in values.items():
        print(f"{name} = {value}")
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    for name in environ["IMAGES"].split():
        (outputs / name).write_text(f"{values['registry']}/{name}:{values['version']}")


if __name__ == "__main__":
    main()
