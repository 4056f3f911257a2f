"""expr-lang's own functions by name: len, split, toJSON and the rest; those of time are refused."""

import base64
import json
import math
from collections.abc import Callable
from typing import Any

from argolane.languages.expr.errors import Fault
from argolane.languages.expr.numbers import (
    as_float,
    as_int,
    bits,
    extreme,
    half_away,
    integral,
    mean,
    median,
    of_number,
)
from argolane.languages.expr.predicates import ordered
from argolane.languages.expr.values import (  # fmt: skip
    Ints,
    Lists,
    Strings,
    cut_to_64,
    equal,
    kind_name,
    looked_up,
    part_of,
    text,
    type_name,
    whole,
)
from argolane.languages.gotext import Groups, NilList, text_of, to_json

REFUSED = frozenset({"now", "duration", "date", "timezone"})
_BLANKS = " \t\n\v\f\r\x85\xa0"


def from_json(given: Any) -> Any:
    """JSON text in, its value out; every number is a float, as in Go."""
    return json.loads(text(given), parse_int=float, parse_constant=_not_json)


def _not_json(constant: str) -> Any:
    raise ValueError(f"invalid character {constant[0]!r} looking for beginning of value")


def to_pretty_json(value: Any) -> str:
    """encoding/json's MarshalIndent by two blanks."""
    return _indented(value, 0)


def _indented(value: Any, depth: int) -> str:
    pad, end = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value and not isinstance(value, Groups):
        inner = ",\n".join(
            f"{pad}{to_json(str(key))}: {_indented(value[key], depth + 1)}" for key in sorted(value, key=str)
        )
        return "{\n" + inner + "\n" + end + "}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(pad + _indented(item, depth + 1) for item in value) + "\n" + end + "]"
    return to_json(value)


def _len(value: Any) -> int:
    if isinstance(value, (str, list, dict)):
        return len(value)
    raise Fault(f"invalid argument for len (type {type_name(value)})")


def _type(value: Any) -> str:
    names = {"slice": "array", "invalid": "nil", "float64": "float", "int64": "int"}
    kind = kind_name(value)
    return names.get(kind, kind)


def _trim(value: Any, *cut: Any) -> str:
    return text(value).strip(text(cut[0]) if cut else _BLANKS)


def _cut_off(apply: Callable[[str, str], str]) -> Callable[..., str]:
    def function(value: Any, cut: Any = " ") -> str:
        mark = text(cut)
        return apply(text(value), mark)

    return function


def split(value: Any, separator: Any, *limit: Any) -> list[str]:
    """strings.Split and SplitN: an empty separator splits into characters."""
    given, mark = text(value), text(separator)
    most = whole(limit[0]) if limit else -1
    if most == 0:
        return NilList("[]string")
    if mark:
        return Strings(given.split(mark, most - 1 if most > 0 else -1))
    return Strings(given if most < 0 or len(given) <= most else [*given[: most - 1], given[most - 1 :]])


def _split_after(value: Any, separator: Any, *limit: Any) -> list[str]:
    parts = split(value, separator, *limit)
    return Strings([part + separator for part in parts[:-1]] + parts[-1:]) if parts else parts


def replace(value: Any, old: Any, new: Any, *most: Any) -> str:
    """strings.Replace: all of them, or the first `most`."""
    return text(value).replace(text(old), text(new), whole(most[0]) if most else -1)


def _repeat(value: Any, times: Any) -> str:
    count = whole(times)
    if count < 0:
        raise Fault(f"invalid argument for repeat (expected positive integer, got {count})")
    if count > 1_000_000:
        raise Fault("memory budget exceeded")
    return text(value) * count


def _join(values: Any, *glue: Any) -> str:
    mark = text(glue[0]) if glue else ""
    if not isinstance(values, list) or isinstance(values, (Ints, Lists)):
        raise Fault(f"invalid argument for join (type {type_name(values)})")
    return mark.join(map(text, values))


def _first_or_last(index: int) -> Callable[[Any], Any]:
    return lambda value: value[index] if isinstance(value, list) and value else None


def _get(of: Any, key: Any) -> Any:
    if isinstance(of, dict):
        return looked_up(of, key)[1]
    if isinstance(of, list):
        index = whole(key)
        return of[index] if -len(of) <= index < len(of) else None
    return None


def _pairs(value: Any, what: str) -> list[tuple[Any, Any]]:
    """Go's maps have no order; sorted by the key is one of the orders it may choose."""
    if not isinstance(value, dict):
        raise Fault(f"cannot {what} {type_name(value)}")
    pairs = [(key, value[key]) for key in sorted(value)]
    return [(key[1], items) for key, items in pairs] if isinstance(value, Groups) else pairs


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise Fault(f"cannot iterate over {type_name(value)}")


def _uniq(value: Any) -> list[Any]:
    out: list[Any] = []
    for item in _list(value):
        if not any(equal(item, seen) for seen in out):
            out.append(item)
    return out


def _take(value: Any, count: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Fault(f"cannot take from {kind_name(value)}")
    if not isinstance(count, int) or isinstance(count, bool):
        raise Fault(f"cannot take {kind_name(count)} elements")
    if count < 0:
        raise Fault("reflect.Value.Slice: slice index out of bounds")
    return part_of(value, 0, count)


def _flatten(value: Any) -> list[Any]:
    out: list[Any] = []
    for item in _list(value):
        out += _flatten(item) if isinstance(item, list) else [item]
    return out


def _from_pairs(value: Any) -> dict[Any, Any]:
    return {pair[0]: pair[1] for pair in map(_list, _list(value)) if len(pair) == 2}


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": _len,
    "type": _type,
    "abs": of_number("abs", lambda value: cut_to_64(abs(value))),
    "ceil": of_number("ceil", lambda value: integral(math.ceil, value)),
    "floor": of_number("floor", lambda value: integral(math.floor, value)),
    "round": of_number("round", half_away),
    "int": as_int,
    "float": as_float,
    "string": text_of,
    "trim": _trim,
    "trimPrefix": _cut_off(str.removeprefix),
    "trimSuffix": _cut_off(str.removesuffix),
    "upper": lambda value: text(value).upper(),
    "lower": lambda value: text(value).lower(),
    "split": split,
    "splitAfter": _split_after,
    "replace": replace,
    "repeat": _repeat,
    "join": _join,
    "indexOf": lambda value, part: _byte_index(value, part, str.find),
    "lastIndexOf": lambda value, part: _byte_index(value, part, str.rfind),
    "hasPrefix": lambda value, part: text(value).startswith(text(part)),
    "hasSuffix": lambda value, part: text(value).endswith(text(part)),
    "max": extreme("max", max),
    "min": extreme("min", min),
    "mean": mean,
    "median": median,
    "toJSON": to_pretty_json,
    "fromJSON": from_json,
    "toBase64": lambda value: base64.b64encode(text(value).encode()).decode(),
    "fromBase64": lambda value: base64.b64decode(text(value), validate=True).decode(errors="replace"),
    "first": _first_or_last(0),
    "last": _first_or_last(-1),
    "get": _get,
    "take": _take,
    "keys": lambda value: [key for key, _ in _pairs(value, "get keys from")],
    "values": lambda value: [item for _, item in _pairs(value, "get values from")],
    "toPairs": lambda value: [list(pair) for pair in _pairs(value, "transform to pairs")],
    "fromPairs": _from_pairs,
    "reverse": lambda value: _list(value)[::-1],
    "uniq": _uniq,
    "concat": lambda *values: [item for value in values for item in _list(value)] or NilList(),
    "flatten": _flatten,
    "sort": lambda value, order="asc": ordered([(item, item) for item in _list(value)], order),
    "bitand": bits("bitand", lambda left, right: left & right),
    "bitor": bits("bitor", lambda left, right: left | right),
    "bitxor": bits("bitxor", lambda left, right: left ^ right),
    "bitnand": bits("bitnand", lambda left, right: left & ~right),
    "bitshl": bits("bitshl", lambda left, right: left << right),
    "bitshr": bits("bitshr", lambda left, right: left >> right),
    "bitushr": bits("bitushr", lambda left, right: (left & 0xFFFF_FFFF_FFFF_FFFF) >> right),
    "bitnot": lambda value: ~whole(value),
}


def _byte_index(value: Any, part: Any, find: Callable[[str, str], int]) -> int:
    """Go counts bytes."""
    at = find(text(value), text(part))
    return at if at < 0 else len(value[:at].encode())
