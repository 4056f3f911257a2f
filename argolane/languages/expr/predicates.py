"""A list and what to ask of each item in, the answer out: filter, map, all, any, reduce and their kin."""

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from argolane.languages.expr.errors import Fault
from argolane.languages.expr.operators import add
from argolane.languages.expr.values import boolean, group_key, less
from argolane.languages.gotext import Groups

Ask = Callable[..., Any]


def _holding(items: list[Any], ask: Ask) -> list[int]:
    return [i for i, item in enumerate(items) if boolean(ask(item, i))]


def _any(items: list[Any], ask: Ask) -> bool:
    return any(boolean(ask(item, i)) for i, item in enumerate(items))


def _first(items: list[Any], ask: Ask, *, backwards: bool = False) -> int | None:
    order = reversed(range(len(items))) if backwards else range(len(items))
    return next((i for i in order if boolean(ask(items[i], i))), None)


def _at(items: list[Any], index: int | None) -> Any:
    return None if index is None else items[index]


def _sum(items: list[Any], ask: Ask) -> Any:
    total: Any = 0
    for i, item in enumerate(items):
        total = add(ask(item, i), total)
    return total


def _group(items: list[Any], ask: Ask) -> dict[Any, list[Any]]:
    groups = Groups()
    for i, item in enumerate(items):
        groups.setdefault(group_key(ask(item, i)), []).append(item)
    return groups


def ordered(pairs: list[tuple[Any, Any]], order: Any = "asc") -> list[Any]:
    """The second of each pair, sorted by the first."""
    if order not in ("asc", "desc"):
        raise Fault(f"invalid order {order}, expected asc or desc")

    def compare(one: Any, other: Any) -> int:
        return -1 if less(one[0], other[0]) else int(less(other[0], one[0]))

    return [item for _, item in sorted(pairs, key=cmp_to_key(compare), reverse=order == "desc")]


def _sort(items: list[Any], ask: Ask, order: Any = "asc") -> list[Any]:
    return ordered([(ask(item, i), item) for i, item in enumerate(items)], order)


def _reduce(items: list[Any], ask: Ask, *start: Any) -> Any:
    if not start and not items:
        raise Fault("reduce of empty array with no initial value")
    result, first = (start[0], 0) if start else (items[0], 1)
    for i in range(first, len(items)):
        result = ask(items[i], i, acc=result)
    return result


PREDICATES: dict[str, Callable[..., Any]] = {
    "all": lambda items, ask: all(boolean(ask(item, i)) for i, item in enumerate(items)),
    "none": lambda items, ask: not _any(items, ask),
    "any": _any,
    "one": lambda items, ask: len(_holding(items, ask)) == 1,
    "filter": lambda items, ask: [items[i] for i in _holding(items, ask)],
    "map": lambda items, ask: [ask(item, i) for i, item in enumerate(items)],
    "count": lambda items, ask: len(_holding(items, ask)),
    "sum": _sum,
    "find": lambda items, ask: _at(items, _first(items, ask)),
    "findIndex": _first,
    "findLast": lambda items, ask: _at(items, _first(items, ask, backwards=True)),
    "findLastIndex": lambda items, ask: _first(items, ask, backwards=True),
    "groupBy": _group,
    "sortBy": _sort,
    "reduce": _reduce,
}
