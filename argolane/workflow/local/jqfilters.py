"""Filters of jq: functions from a value to its results, and how they are put together."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Filter = Callable[[Any], Iterator[Any]]


class JqError(Exception):
    """The program is none, or it failed on the object; the text is gojq's own where it is known."""


def identity(body: Any) -> Iterator[Any]:
    yield body


def pipe(left: Filter, right: Filter) -> Filter:
    return lambda body: (found for value in left(body) for found in right(value))


def field(name: str) -> Filter:
    return lambda body: iter((index(body, name),))


def index(value: Any, key: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int | float):
        position = int(key)
        return value[position] if -len(value) <= position < len(value) else None
    raise JqError(f"expected an {'object' if isinstance(key, str) else 'array'} but got: {_described(value)}")


def cut(term: Filter, start: Filter | None, end: Filter | None) -> Filter:
    def sliced(body: Any) -> Iterator[Any]:
        for value in term(body):
            first = next(start(body)) if start else None
            last = next(end(body)) if end else None
            yield None if value is None else value[first:last]

    return sliced


def each(body: Any) -> Iterator[Any]:
    if isinstance(body, dict):
        return iter([body[key] for key in sorted(body)])
    if isinstance(body, list):
        return iter(body)
    raise JqError(f"cannot iterate over: {_described(body)}")


def recurse(body: Any) -> Iterator[Any]:
    yield body
    if isinstance(body, dict | list):
        for value in each(body):
            yield from recurse(value)


def attempt(term: Filter) -> Filter:
    def tried(body: Any) -> Iterator[Any]:
        try:
            yield from term(body)
        except JqError:
            return

    return tried


def binary(operator: str, left: Filter, right: Filter) -> Filter:
    if operator == "|":
        return pipe(left, right)
    if operator == ",":
        return lambda body: (value for side in (left, right) for value in side(body))
    if operator == "//":
        return lambda body: _alternative(left, right, body)
    if operator == "and":
        return lambda body: (_true(a) and _true(b) for a in left(body) for b in right(body))
    if operator == "or":
        return lambda body: (_true(a) or _true(b) for a in left(body) for b in right(body))
    return lambda body: (_operate(operator, a, b) for b in right(body) for a in left(body))


def _alternative(left: Filter, right: Filter, body: Any) -> Iterator[Any]:
    try:
        good = [value for value in left(body) if _true(value)]
    except JqError:
        good = []
    yield from good or right(body)


def _true(value: Any) -> bool:
    return value is not None and value is not False


def _rank(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool):
        return 1 + value
    return (
        3 if isinstance(value, int | float) else 4 if isinstance(value, str) else 5 + isinstance(value, dict)
    )


def _key(value: Any) -> tuple[Any, ...]:
    if isinstance(value, list):
        return (_rank(value), [_key(part) for part in value])
    if isinstance(value, dict):
        return (_rank(value), sorted(value), [_key(value[name]) for name in sorted(value)])
    return (_rank(value), 0 if value is None or isinstance(value, bool) else value)


def _operate(operator: str, a: Any, b: Any) -> Any:
    if operator in ("==", "!=", "<", "<=", ">", ">="):
        one, other = _key(a), _key(b)
        return {
            "==": one == other,
            "!=": one != other,
            "<": one < other,
            "<=": one <= other,
            ">": one > other,
            ">=": one >= other,
        }[operator]
    if operator == "+" and (a is None or b is None):
        return b if a is None else a
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (a, b))
    if operator == "+" and (numbers or (type(a) is type(b) and isinstance(a, str | list))):
        return a + b
    if operator == "+" and isinstance(a, dict) and isinstance(b, dict):
        return {**a, **b}
    if operator == "-" and isinstance(a, list) and isinstance(b, list):
        return [value for value in a if value not in b]
    if operator == "/" and isinstance(a, str) and isinstance(b, str):
        return a.split(b)
    if numbers:
        if operator in "/%" and b == 0:
            raise JqError(f"cannot divide {_described(a)} by: {_described(b)}")
        result = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}.get(
            operator, lambda: int(a) % int(b)
        )()
        return int(result) if isinstance(result, float) and result.is_integer() else result
    words = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
    raise JqError(f"cannot {words[operator]}: {_described(a)} and {_described(b)}")


def _described(value: Any) -> str:
    if value is None:
        return "null"
    kind = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return f"{kind[type(value)]} ({json.dumps(value)})"


def tostring(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), sort_keys=True)


def _tonumber(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return int(value) if re.fullmatch(r"-?\d+", value) else float(value)
        except ValueError:
            pass
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise JqError(f"tonumber cannot be applied to: {_described(value)}")


def _length(value: Any) -> Any:
    if value is None:
        return 0
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value)
    if isinstance(value, str | list | dict):
        return len(value)
    raise JqError(f"length cannot be applied to: {_described(value)}")


def _add(value: Any) -> Any:
    total = None
    for part in each(value):
        total = _operate("+", total, part)
    return total


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "tonumber": _tonumber,
    "tostring": tostring,
    "length": _length,
    "keys": lambda v: sorted(v) if isinstance(v, dict) else list(range(len(v))),
    "values": lambda v: v,
    "type": lambda v: _described(v).partition(" ")[0],
    "add": _add,
    "first": lambda v: v[0] if v else None,
    "last": lambda v: v[-1] if v else None,
    "reverse": lambda v: v[::-1],
    "sort": lambda v: sorted(v, key=_key),
    "unique": lambda v: [x for i, x in enumerate(sorted(v, key=_key)) if x not in sorted(v, key=_key)[:i]],
    "min": lambda v: min(v, key=_key, default=None),
    "max": lambda v: max(v, key=_key, default=None),
    "any": lambda v: any(map(_true, v)),
    "all": lambda v: all(map(_true, v)),
    "flatten": lambda v: [x for part in v for x in (part if isinstance(part, list) else [part])],
    "floor": lambda v: int(v // 1),
    "ascii_downcase": lambda v: v.lower(),
    "ascii_upcase": lambda v: v.upper(),
    "tojson": lambda v: json.dumps(v, separators=(",", ":"), sort_keys=True),
    "fromjson": lambda v: json.loads(v),
    "to_entries": lambda v: [{"key": k, "value": v[k]} for k in sorted(v)],
    "from_entries": lambda v: {str(e.get("key", e.get("name"))): e.get("value") for e in v},
}
_WITH_TEXT: dict[str, Callable[[Any, Any], Any]] = {
    "has": lambda v, a: a in v if isinstance(v, dict) else 0 <= a < len(v),
    "join": lambda v, a: a.join("" if x is None else tostring(x) for x in v),
    "split": lambda v, a: v.split(a) if v else [],
    "startswith": lambda v, a: v.startswith(a),
    "endswith": lambda v, a: v.endswith(a),
    "ltrimstr": lambda v, a: v.removeprefix(a),
    "rtrimstr": lambda v, a: v.removesuffix(a),
    "contains": lambda v, a: _contains(v, a),
    "test": lambda v, a: re.search(a, v) is not None,
    "index": lambda v, a: v.find(a) if a in v else None,
}


def _contains(value: Any, part: Any) -> bool:
    if isinstance(value, dict) and isinstance(part, dict):
        return all(key in value and _contains(value[key], part[key]) for key in part)
    if isinstance(value, list) and isinstance(part, list):
        return all(any(_contains(v, p) for v in value) for p in part)
    if isinstance(value, str) and isinstance(part, str):
        return part in value
    return bool(value == part)


def function(name: str, arguments: list[Filter]) -> Filter:
    if not arguments and name in _PLAIN:
        return _safely(name, lambda body: iter((_PLAIN[name](body),)))
    if not arguments and name in ("strings", "numbers", "arrays", "objects", "booleans", "nulls"):
        kind = name.removesuffix("s")
        return lambda body: (v for v in (body,) if _described(v).partition(" ")[0] == kind)
    if len(arguments) == 1:
        inner = arguments[0]
        if name == "select":
            return lambda body: (body for value in inner(body) if _true(value))
        if name == "map":
            return lambda body: iter(([found for value in each(body) for found in inner(value)],))
        if name == "sort_by":
            return lambda body: iter((sorted(body, key=lambda v: [_key(k) for k in inner(v)]),))
        if name in ("first", "last"):
            return lambda body: iter(list(inner(body))[:1] if name == "first" else list(inner(body))[-1:])
        if name in ("any", "all"):
            test = any if name == "any" else all
            return lambda body: iter((test(_true(f) for value in each(body) for f in inner(value)),))
        if name in _WITH_TEXT:
            return _safely(name, lambda body: (_WITH_TEXT[name](body, given) for given in inner(body)))
    raise JqError(f"function not defined: {name}/{len(arguments)} (the local runner knows the common ones)")


def _safely(name: str, function: Filter) -> Filter:
    def run(body: Any) -> Iterator[Any]:
        try:
            yield from function(body)
        except (TypeError, AttributeError, ValueError, KeyError):
            raise JqError(f"{name} cannot be applied to: {_described(body)}") from None

    return run
