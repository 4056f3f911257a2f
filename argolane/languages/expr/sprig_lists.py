"""sprig's functions of lists and maps that take more than a line."""

from __future__ import annotations

from typing import Any

from argolane.languages.expr.errors import Fault
from argolane.languages.expr.sprig_numbers import integer
from argolane.languages.expr.values import Lists, StringMap, kind_name, part_of, unlike
from argolane.languages.gotext import NilList, text_of


def concat(*lists: list[Any]) -> list[Any]:
    return [item for one in lists for item in one] or NilList()


def chunk(size: int, items: list[Any]) -> list[list[Any]]:
    if size <= 0:
        if not size or (len(items) - 1) // size + 1:
            raise Fault("runtime error: makeslice: len out of range")
        return Lists()
    return Lists(items[i : i + size] for i in range(0, len(items), size))


def make_map(*pairs: Any) -> dict[str, Any]:
    return {text_of(pairs[i]): pairs[i + 1] if i + 1 < len(pairs) else "" for i in range(0, len(pairs), 2)}


def dig(*given: Any) -> Any:
    """`sprig.dig('a', 'b', default, map)`: what lies below these keys."""
    if len(given) < 3:
        raise Fault("dig needs at least three arguments")
    *keys, default, found = given
    inner = _string_map(found)
    for key in keys:
        if not isinstance(key, str):
            raise unlike(key, "string")
    for key in keys[:-1]:
        if key not in inner:
            return default
        inner = _string_map(inner[key])
    return inner.get(keys[-1], default)


def _string_map(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or isinstance(value, StringMap):
        raise unlike(value, "map[string]interface {}")
    return value


def numbered(parts: list[str]) -> dict[str, str]:
    return StringMap({f"_{i}": part for i, part in enumerate(parts)})


def same(one: Any, other: Any) -> bool:
    """reflect.DeepEqual: 2 and 2.0 differ."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def unique(items: list[Any]) -> list[Any]:
    out: list[Any] = []
    for item in items:
        if not any(same(item, seen) for seen in out):
            out.append(item)
    return out


def without(items: list[Any], *omitted: Any) -> list[Any]:
    return [item for item in items if not any(same(item, one) for one in omitted)]


def has(item: Any, items: Any) -> bool:
    if items is None:
        return False
    if not isinstance(items, list):
        raise Fault(f"Cannot find has on type {kind_name(items)}")
    return any(same(item, member) for member in items)


def cut(items: list[Any], *bounds: Any) -> Any:
    if not items:
        return None
    start = integer(bounds[0]) if bounds else 0
    end = integer(bounds[1]) if len(bounds) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise Fault("reflect.Value.Slice: slice index out of bounds")
    return part_of(items, start, end)
