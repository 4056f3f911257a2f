"""JSON text and a path like `$.a.b[1]` in, the value there out: Argo's function jsonpath().

The rules are those of the library Argo uses: an index takes a list and nothing else, a step that says several
leaves out what has none. Filters and scripts are read in jsonpath_filters.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from argolane.languages.expr import jsonpath_filters as filters
from argolane.languages.expr.errors import Fault
from argolane.languages.expr.values import text

_STEP = re.compile(
    r"""(?P<deep>\.)(?=\.[^.])"""
    r"""|\.?\[(?P<filter>\?)?\((?P<text>(?:'[^']*'|"[^"]*"|\((?:'[^']*'|"[^"]*"|[^()])*\)|[^()])*)\)\]"""
    r"""|\.?\[(?P<inside>(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\]'"])*)\]|\.(?P<name>[^.\[\]'"$]+)"""
)
_QUOTED = re.compile(r"""'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)\"""")
_RANGE = re.compile(r"(-?\d*):(-?\d*)(?::(-?\d*))?")
_GO_KIND = {bool: "bool", str: "string", float: "float64", int: "int64", list: "slice", dict: "map"}


@dataclass(frozen=True)
class _Step:
    kind: Literal["key", "length", "index", "range", "union", "wildcard", "recursive", "filter", "script"]
    value: Any = None


def query(document: Any, path: Any) -> Any:
    """The value at `path` (a list where a step says several); Fault where there is none."""
    try:
        value = json.loads(text(document), parse_int=float)
    except ValueError as error:
        raise Fault(str(error)) from None
    return _walk(value, _steps(text(path).strip()), value)


def _steps(path: str) -> list[_Step]:
    if not path.startswith("$"):
        raise Fault(f"invalid JSONPath selector '{path}' unexpected token '{path[:1]}' at index 0")
    steps, at = list[_Step](), 1
    while at < len(path):
        found = _STEP.match(path, at)
        if not found:
            raise Fault(f"invalid JSONPath selector '{path}' unexpected token '{path[at]}' at index {at}")
        at = found.end()
        if found["deep"]:
            steps.append(_Step("recursive"))
        elif found["text"] is not None:
            steps.append(_Step("filter" if found["filter"] else "script", found["text"]))
        elif found["name"] is not None:
            name = found["name"].strip()
            steps.append(
                _Step("wildcard")
                if name == "*"
                else _Step("length")
                if name == "length"
                else _Step("key", name)
            )
        else:
            steps.append(_bracketed(found["inside"].strip(), path))
    return steps


def _bracketed(inside: str, path: str) -> _Step:
    if inside == "*":
        return _Step("wildcard")
    if quoted := _QUOTED.fullmatch(inside):
        return _Step("key", _unquoted(quoted))
    if re.fullmatch(r"-?\d+", inside):
        return _Step("index", int(inside))
    if cut := _RANGE.fullmatch(inside):
        return _Step("range", tuple(int(bound) if bound else None for bound in cut.groups()))
    parts = [part.strip() for part in inside.split(",")]
    if len(parts) > 1:
        keys = [_unquoted(quoted) for part in parts if (quoted := _QUOTED.fullmatch(part))]
        numbers = [int(part) for part in parts if re.fullmatch(r"-?\d+", part)]
        if len(parts) in (len(keys), len(numbers)):
            return _Step("union", keys or numbers)
    raise Fault(
        f"invalid JSONPath selector '{path}' invalid token. '[{inside}]' does not match any token format"
    )


def _unquoted(quoted: re.Match[str]) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1] if quoted[1] is not None else quoted[2])


def _walk(value: Any, steps: list[_Step], root: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step.kind == "recursive":
        return list(_below(value, rest, root))
    if step.kind == "script":
        found = filters.evaluate(step.value, _selector(value, root))
        named = _Step("key", filters.bare(found)) if isinstance(found, str) else _Step("index", _whole(found))
        return _walk(value, [named, *rest], root)
    if step.kind == "key":
        _expect(step, value, dict)
        if step.value not in value:
            raise Fault(f"key: invalid token key '{step.value}' not found")
        return _walk(value[step.value], rest, root)
    if step.kind == "length":
        _expect(step, value, list, dict, str)
        size = len(value.encode()) if isinstance(value, str) else len(value)
        return _walk(value.get("length", size) if isinstance(value, dict) else size, rest, root)
    if step.kind == "index":
        _expect(step, value, list)
        if not -len(value) <= step.value < len(value):
            raise Fault("index: invalid token out of range")
        return _walk(value[step.value], rest, root)
    several = _several(step, value, root)
    if rest and step.kind != "wildcard" and rest[0].kind == "index":
        return _walk(several, rest, root)
    return [found for item in several if (found := _reached(item, rest, root)) is not None or not rest]


def _below(value: Any, rest: list[_Step], root: Any) -> Iterator[Any]:
    """What `rest` finds here, and then in everything below; a list that it finds is taken apart."""
    if value is None:
        return
    found = _reached(value, rest, root)
    if found is not None:
        yield from found if isinstance(found, list) and rest else [found]
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _below(value[key], rest, root)
    elif isinstance(value, list):
        for item in value:
            yield from _below(item, rest, root)


def _selector(current: Any, root: Any) -> filters.Select:
    """A path within a filter: from the element with @, from the whole with $."""

    def select(path: str) -> Any:
        return _walk(root if path.startswith("$") else current, _steps(f"${path[1:]}"), root)

    return select


def _whole(value: Any) -> int:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value):
        return int(value)
    raise Fault(f"invalid expression. expected [int string] got {_GO_KIND.get(type(value), 'nil')}")


def _several(step: _Step, value: Any, root: Any) -> list[Any]:
    if step.kind == "filter":
        _expect(step, value, list, dict)
        elements = [value[key] for key in sorted(value)] if isinstance(value, dict) else value
        return [each for each in elements if filters.holds(step.value, _selector(each, root))]
    if step.kind == "wildcard":
        _expect(step, value, list, dict)
        return [value[key] for key in sorted(value)] if isinstance(value, dict) else value
    if step.kind == "range":
        _expect(step, value, list)
        return _cut(value, *step.value)
    if isinstance(step.value[0], str):
        _expect(step, value, dict)
        return [value[key] for key in step.value if key in value]
    _expect(step, value, list)
    return [value[index] for index in step.value if -len(value) <= index < len(value)]


def _cut(items: list[Any], start: int | None, end: int | None, step: int | None) -> list[Any]:
    if step == 0:
        raise Fault("range: invalid token out of range")
    part = items[start:end]
    return part[:: step or 1]


def _reached(item: Any, rest: list[_Step], root: Any) -> Any:
    try:
        return _walk(item, rest, root)
    except Fault:
        return None


def _expect(step: _Step, value: Any, *kinds: type) -> None:
    if isinstance(value, kinds):
        return
    wanted = [
        name
        for kind, name in ((list, "array"), (dict, "map"), (list, "slice"), (str, "string"))
        if kind in kinds
    ]
    found = "nil" if value is None else _GO_KIND[type(value)]
    raise Fault(f"{step.kind}: invalid token target. expected [{' '.join(wanted)}] got [{found}]")
