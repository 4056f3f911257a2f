"""JSON text and a path like `$.a.b[1]` in, the value there out: Argo's function jsonpath().

Filters `[?(...)]`, scripts `[(...)]` and `..` are refused by name.
"""

import json
import re
from typing import Any

from argolane.workflow.expressions.expr.errors import ExprUnsupported, Fault
from argolane.workflow.expressions.expr.values import text

_STEP = re.compile(
    r"""\.(?P<all>\*)|\.(?P<name>[^.\[\]*'"]+)|\[(?P<inside>(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\]'"])*)\]"""
)
_QUOTED = re.compile(r"""'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)\"""")
_RANGE = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d*))?")


def query(document: Any, path: Any) -> Any:
    """The value at `path` (a list where a step says several); Fault where there is none."""
    try:
        value = json.loads(text(document), parse_int=float)
    except ValueError as error:
        raise Fault(str(error)) from None
    return _walk(value, _steps(text(path).strip()))


def _steps(path: str) -> list[str]:
    """Each step as what stands in brackets: a quoted name, an index, a range, a union or *."""
    if not path.startswith("$"):
        raise Fault(f"invalid JSONPath selector '{path}' unexpected token '{path[:1]}' at index 0")
    if ".." in path or "[?" in path or "[(" in path:
        raise ExprUnsupported(f"jsonpath() with '{path}': filters, scripts and '..' are not supported here.")
    steps, at = list[str](), 1
    while at < len(path):
        found = _STEP.match(path, at)
        if not found:
            raise Fault(
                f"invalid JSONPath selector '{path}' unexpected token '{path[at : at + 1]}' at index {at}"
            )
        if found["inside"] is not None:
            steps.append(found["inside"].strip())
        else:
            steps.append("*" if found["all"] else "'" + found["name"].strip().replace("'", "\\'") + "'")
        at = found.end()
    return steps


def _walk(value: Any, steps: list[str]) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step == "*":
        return _several(_members(value), rest)
    if quoted := _QUOTED.fullmatch(step):
        return _walk(_key(value, re.sub(r"\\(.)", r"\1", quoted[1] or quoted[2] or "")), rest)
    if re.fullmatch(r"-?\d+", step):
        return _walk(_index(value, int(step)), rest)
    if cut := _RANGE.fullmatch(step):
        if not isinstance(value, (list, str)):
            raise Fault("range: invalid token target. expected [array slice string]")
        part = value[slice(*(int(bound) if bound else None for bound in cut.groups()))]
        return part if isinstance(part, str) else _several(part, rest)
    if "," in step:
        picked = [
            _key(value, q[1] or q[2] or "")
            if (q := _QUOTED.fullmatch(one.strip()))
            else _index(value, int(one))
            for one in step.split(",")
        ]
        return _several(picked, rest)
    return _walk(_key(value, step), rest)


def _several(values: list[Any], rest: list[str]) -> list[Any]:
    found = []
    for value in values:
        try:
            found.append(_walk(value, rest))
        except Fault:
            continue
    return found


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if isinstance(value, list):
        return value
    raise Fault("wildcard: invalid token target. expected [array map slice]")


def _key(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        if key in value:
            return value[key]
        if key != "length":
            raise Fault(f"key: invalid token key '{key}' not found")
    if key == "length" and isinstance(value, (list, dict, str)):
        return len(value)
    raise Fault("key: invalid token target. expected [map]")


def _index(value: Any, index: int) -> Any:
    if isinstance(value, dict):
        value = _members(value)
    if not isinstance(value, (list, str)):
        raise Fault("index: invalid token target. expected [array map slice]")
    if not -len(value) <= index < len(value):
        raise Fault("index: invalid token out of range")
    return value[index]
