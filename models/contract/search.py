"""What `search:` says in, what is tried of each param out: a range or a list, within the param's bounds.

model.yaml and a workflow's parameter `search` are held to the same lines.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.contract.params import Param, Value


@dataclass(frozen=True)
class Range:
    """From low to high, both included; evenly on a logarithmic scale where `log` is true."""

    low: float
    high: float
    log: bool = False

    @property
    def said(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, **({"log": True} if self.log else {})}

    def holds(self, value: Value) -> bool:
        return not isinstance(value, str) and self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of these."""

    values: tuple[Value, ...]

    @property
    def said(self) -> list[Value]:
        return list(self.values)

    def holds(self, value: Value) -> bool:
        return value in self.values


Space = Mapping[str, Range | Choice]


def space(params: Mapping[str, Param], tree: object) -> Space:
    """What is tried out, by param. Raises ValueError with every fault, one a line."""
    if not isinstance(tree, Mapping) or not tree:
        raise ValueError(f"search is {tree!r}; expected a range or a list for one param or more.")
    found: dict[str, Range | Choice] = {}
    faults = []
    for name, said in tree.items():
        try:
            if name not in params:
                raise ValueError(f"is no param of this unit; it has {', '.join(params) or 'none'}.")
            found[name] = _one(params[name], said)
        except ValueError as error:
            faults.append(f"search.{name} {error}")
    if faults:
        raise ValueError("\n".join(faults))
    return found


def parse(params: Mapping[str, Param], text: str) -> Space:
    """The same of JSON text. Raises ValueError."""
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise ValueError(
            f'search is {text!r}; expected JSON such as {{"hidden": [64, 128]}} ({error}).'
        ) from None
    return space(params, tree)


def text(space: Space) -> str:
    """As `parse` reads it."""
    return json.dumps({name: one.said for name, one in space.items()})


def _one(param: Param, said: object) -> Range | Choice:
    if isinstance(said, list | tuple):
        wrong = [value for value in said if not param.allows(value)]
        if not said or wrong:
            what = f"has {wrong[0]!r}" if wrong else "is empty"
            raise ValueError(f"{what}; expected a list of values, each {_bounds(param)}.")
        if len(set(said)) < len(said):
            raise ValueError(f"is {list(said)!r}; expected each value once.")
        return Choice(tuple(said))
    if not isinstance(said, Mapping) or not {"low", "high"} <= said.keys() <= {"low", "high", "log"}:
        raise ValueError(
            f"is {said!r}; expected {{low: ..., high: ..., log: true or false}} or a list of values."
        )
    if param.type not in ("int", "float"):
        raise ValueError(f"is a range; expected a list of values, for the param is {_bounds(param)}.")
    low, high, log = said["low"], said["high"], said.get("log", False)
    if not isinstance(log, bool):
        raise ValueError(f"has log {log!r}; expected true or false.")  # noqa: TRY004
    for end, value in (("low", low), ("high", high)):
        if not param.allows(value) or not math.isfinite(value):
            raise ValueError(f"has {end} {value!r}; expected {_bounds(param)}.")
    if not low < high:
        raise ValueError(f"goes from {low!r} to {high!r}; expected low to be less than high.")
    if log and low <= 0:
        raise ValueError(f"has low {low!r} and log; expected more than 0 on a logarithmic scale.")
    return Range(low, high, log) if param.type == "int" else Range(float(low), float(high), log)


def _bounds(param: Param) -> str:
    return (
        f"{param.expected}, as the param is"
        if (param.minimum, param.maximum) != (None, None)
        else param.expected
    )
