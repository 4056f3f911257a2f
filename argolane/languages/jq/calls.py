"""A call of one of jq's functions in, a filter out. What gojq has and this has not is refused by name."""

import itertools
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from argolane.languages.jq import values as v
from argolane.languages.jq.filters import Filter, array, condition, each, identity, pipe, recurse
from argolane.languages.jq.functions import (
    FORMATS,
    PLAIN,
    WITH_ONE,
    firsts,
    from_entries,
    most,
    test,
    to_entries,
    total,
)
from argolane.languages.jq.values import JqError, NotRunLocally, order, true, wrong

# Each kind of value under the name of the function that lets it pass.
_KINDS = {
    "arrays": ("array",), "objects": ("object",), "booleans": ("boolean",), "numbers": ("number",),
    "strings": ("string",), "nulls": ("null",), "iterables": ("array", "object"),
    "values": ("array", "object", "boolean", "number", "string"),
    "scalars": ("null", "boolean", "number", "string"),
}  # fmt: skip
_BY = ("sort_by", "group_by", "unique_by", "min_by", "max_by")
_ELSEWHERE = frozenset(
    re.findall(
        r"\w+",
        """
        IN INDEX JOIN acos acosh asin asinh atan atan2 atanh bsearch builtins capture cbrt
        combinations copysign cos cosh debug del delpaths drem env erf erfc exp exp10 exp2 expm1
        fdim finites fma fmax fmin fmod format frexp fromdate fromdateiso8601 fromstream gamma
        getpath gmtime gsub halt halt_error hypot implode in infinite input inputs isfinite
        isinfinite isnan isnormal j0 j1 jn ldexp lgamma limit localtime log log10 log1p log2 logb
        match min mktime modf modulemeta nan nearbyint nextafter nexttoward normals now path paths
        pick pow range remainder repeat rint scalb scalbln scan setpath significand sin sinh skip
        split splits sqrt strflocaltime strftime strptime sub tan tanh tgamma todate todateiso8601
        tostream transpose truncate_stream until walk while y0 y1 yn
        """,
    )
)


def _by(name: str, value: Any, inner: Filter) -> Any:
    keys = [list(inner(each_)) for each_ in each(value)]
    if not isinstance(value, list):
        raise wrong(name, value, keys)
    pairs = [(order(key), item) for key, item in zip(keys, value, strict=True)]
    if name in ("min_by", "max_by"):
        return most(pairs, name)
    pairs.sort(key=lambda pair: pair[0])
    if name == "unique_by":
        return firsts(pairs)
    if name == "group_by":
        return [
            [item for _, item in group] for _, group in itertools.groupby(pairs, key=lambda pair: pair[0])
        ]
    return [item for _, item in pairs]


def function(name: str, arguments: list[Filter]) -> Filter:
    """A call of a function; JqError where gojq has none of that name and number of arguments."""
    count = len(arguments)
    if count == 0:
        if name == "empty":
            return lambda _: iter(())
        if name in PLAIN:
            return lambda body: iter((PLAIN[name](body),))
        if name in _KINDS:
            return lambda body: (value for value in (body,) if v.type_of(value) in _KINDS[name])
        if name == "recurse":
            return recurse(_members)
    if count == 1:
        found = _with_one(name, arguments[0])
        if found:
            return found
    if count == 2 and name in ("any", "all"):
        return _whether(name, *arguments)
    if count == 2 and name == "test":
        pattern, flags = arguments
        return lambda body: (test(body, re_, given) for given in flags(body) for re_ in pattern(body))
    if name in _ELSEWHERE:
        raise NotRunLocally(f"{name}/{count} is not run locally")
    raise JqError(f"function not defined: {name}/{count}")


def _with_one(name: str, inner: Filter) -> Filter | None:
    if name in WITH_ONE:
        return lambda body: (WITH_ONE[name](body, given) for given in inner(body))
    if name in _BY:
        return lambda body: iter((_by(name, body, inner),))
    if name in ("any", "all"):
        return _whether(name, each, inner)
    made: dict[str, Callable[[], Filter]] = {
        "select": lambda: condition(inner, identity, lambda _: iter(())),
        "map": lambda: array(pipe(each, inner)),
        "add": lambda: pipe(array(inner), lambda body: iter((total(body),))),
        "first": lambda: lambda body: itertools.islice(inner(body), 1),
        "last": lambda: lambda body: iter(list(inner(body))[-1:]),
        "isempty": lambda: lambda body: iter((not any(True for _ in inner(body)),)),
        "recurse": lambda: recurse(inner),
        "with_entries": lambda: pipe(
            pipe(lambda body: iter((to_entries(body),)), array(pipe(each, inner))),
            lambda body: iter((from_entries(body),)),
        ),
        "map_values": lambda: lambda body: iter((_mapped(body, inner),)),
    }
    return made[name]() if name in made else None


def _members(body: Any) -> Iterator[Any]:
    return each(body) if isinstance(body, (list, dict)) else iter(())


def _whether(name: str, values: Filter, inner: Filter) -> Filter:
    holds = any if name == "any" else all
    return lambda body: iter((holds(true(found) for value in values(body) for found in inner(value)),))


def _mapped(body: Any, inner: Filter) -> Any:
    each(body)
    if isinstance(body, dict):
        found = {key: list(itertools.islice(inner(body[key]), 1)) for key in sorted(body)}
        return {key: values[0] for key, values in found.items() if values}
    return [value for item in body for value in itertools.islice(inner(item), 1)]


def formatted(name: str) -> Filter:
    if name not in FORMATS:
        if name in ("@csv", "@tsv", "@sh", "@urid"):
            raise NotRunLocally(f"{name} is not run locally")
        return partial(_undefined, name)
    return lambda body: iter((FORMATS[name](body),))


def _undefined(name: str, _: Any) -> Iterator[Any]:
    """gojq looks for a format only when it comes to it."""
    raise JqError(f"format not defined: {name}")
