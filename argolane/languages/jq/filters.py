"""Filters of jq: how functions from a value to its results are put together."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from argolane.languages.jq.values import (
    JqError,
    NotRunLocally,
    cut,
    described,
    index,
    operate,
    tostring,
    true,
)

Filter = Callable[[Any], Iterator[Any]]

_END = object()
_MOST = 100_000


def identity(body: Any) -> Iterator[Any]:
    yield body


def constant(value: Any) -> Filter:
    return lambda _: iter((value,))


def pipe(left: Filter, right: Filter) -> Filter:
    return lambda body: (found for value in left(body) for found in right(value))


def member(term: Filter, key: Filter) -> Filter:
    """`term[key]`."""
    return lambda body: (index(value, name) for name in key(body) for value in term(body))


def part(term: Filter, start: Filter, end: Filter) -> Filter:
    """`term[start:end]`."""
    return lambda body: (
        cut(value, first, last) for last in end(body) for first in start(body) for value in term(body)
    )


def each(body: Any) -> Iterator[Any]:
    if isinstance(body, dict):
        return iter([body[key] for key in sorted(body)])
    if isinstance(body, list):
        return iter(body)
    raise JqError(f"cannot iterate over: {described(body)}")


def recurse(inner: Filter) -> Filter:
    """A value, what `inner` makes of it, and of that; where jq would not end, this stops with an error."""

    def run(body: Any) -> Iterator[Any]:
        ahead = [iter((body,))]
        for _ in range(_MOST):
            while ahead and (value := next(ahead[-1], _END)) is _END:
                ahead.pop()
            if not ahead:
                return
            yield value
            ahead.append(inner(value))
        raise NotRunLocally(f"recurse with more than {_MOST:,} values is not run locally")

    return run


def attempt(term: Filter, otherwise: Filter | None = None) -> Filter:
    """`term?`, `try term catch otherwise`."""

    def tried(body: Any) -> Iterator[Any]:
        try:
            yield from term(body)
        except JqError as error:
            if otherwise is not None:
                yield from otherwise(error.value)

    return tried


def binary(operator: str, left: Filter, right: Filter) -> Filter:
    if operator == "|":
        return pipe(left, right)
    if operator == ",":
        return lambda body: (value for side in (left, right) for value in side(body))
    if operator == "//":
        return lambda body: _alternative(left, right, body)
    if operator in ("and", "or"):
        ends = operator == "or"
        return lambda body: (
            found
            for a in left(body)
            for found in ([ends] if true(a) is ends else (true(b) for b in right(body)))
        )
    return lambda body: (operate(operator, a, b) for b in right(body) for a in left(body))


def _alternative(left: Filter, right: Filter, body: Any) -> Iterator[Any]:
    good = False
    for value in left(body):
        if true(value):
            good = True
            yield value
    if not good:
        yield from right(body)


def signed(operator: str, term: Filter) -> Filter:
    def run(body: Any) -> Iterator[Any]:
        for value in term(body):
            if type(value) not in (int, float):
                raise JqError(f"cannot {'negate' if operator == '-' else 'plus'}: {described(value)}")
            yield -value if operator == "-" else value

    return run


def text(pieces: Sequence[str | Filter]) -> Filter:
    """A text with filters in it; the last of them varies slowest."""

    def run(body: Any, count: int = len(pieces)) -> Iterator[str]:
        if not count:
            yield ""
            return
        piece = pieces[count - 1]
        ends = [piece] if isinstance(piece, str) else (tostring(value) for value in piece(body))
        for end in ends:
            yield from (begin + end for begin in run(body, count - 1))

    return run


def array(inner: Filter) -> Filter:
    return lambda body: iter((list(inner(body)),))


def built(pairs: Sequence[tuple[Filter, Filter]]) -> Filter:
    """An object of keys and values, one for each combination."""

    def run(body: Any, rest: int = 0) -> Iterator[dict[str, Any]]:
        if rest == len(pairs):
            yield {}
            return
        key, value = pairs[rest]
        for name in key(body):
            for found in value(body):
                for others in run(body, rest + 1):
                    if not isinstance(name, str):
                        raise JqError(f"expected a string for object key but got: {described(name)}")
                    yield {name: found, **others}

    return run


def condition(test: Filter, yes: Filter, no: Filter) -> Filter:
    return lambda body: (found for value in test(body) for found in (yes if true(value) else no)(body))
