"""Workflow parameters in, a verdict and the images to run out: the first task of every workflow.

Argo takes any value for a parameter with an enum, and any parameter name, without a word; both end here,
before anything else starts. Environment: PARAMETERS is the JSON list Argo makes of all parameters, RULES a
JSON object {parameter: rule}, IMAGES the names of images that later tasks ask for, ARMS the JSON object
{parameter: {unit: {"folder": ..., "image": ..., "loads": ...}}} of those that say `unit:version`, or nothing.
What it gives on are files below OUTPUTS.
"""

import difflib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from models.contract.rules import fits


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


def arms(values: Mapping[str, str], units_of: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(output, value): what later tasks ask of each arm. Arms of one unit are nodes by their own names."""
    chosen = {arm: values[arm].partition(":")[::2] for arm in units_of}
    for arm, (name, version) in chosen.items():
        unit, version = units_of[arm][name], version or values["version"]
        alone = [other for other, _ in chosen.values()].count(name) == 1
        kebab = name.replace("_", "-")
        yield f"{arm}-node", kebab if alone else f"{kebab}-{arm}"
        yield f"{arm}-unit", unit["loads"]
        yield f"{arm}-version", version
        yield f"{arm}-folder", unit["folder"]
        yield f"{arm}-image", f"{values['registry']}/{unit['image']}:{version}"


def main(environ: Mapping[str, str] = os.environ) -> None:
    parameters = json.loads(environ["PARAMETERS"])
    found = faults(parameters, json.loads(environ["RULES"]))
    if found:
        sys.exit("\n".join(found))
    values = {parameter["name"]: parameter["value"] for parameter in parameters}
    for name, value in values.items():
        print(f"{name} = {value}")
    told = {name: f"{values['registry']}/{name}:{values['version']}" for name in environ["IMAGES"].split()}
    told |= arms(values, json.loads(environ.get("ARMS") or "{}"))
    outputs = Path(environ["OUTPUTS"])
    outputs.mkdir(parents=True, exist_ok=True)
    for name, value in told.items():
        (outputs / name).write_text(value)


if __name__ == "__main__":
    main()
