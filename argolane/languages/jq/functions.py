"""jq's functions of values, by name: those of the input alone, those of one argument more, and formats."""

import base64
import html
import itertools
import json
import math
import re
import string
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from argolane.languages.gotext import quote as escaped
from argolane.languages.jq import values as v
from argolane.languages.jq.filters import each
from argolane.languages.jq.values import JqError, order, true, wrong
from argolane.languages.regex import PatternError, compile_pattern


def _known(name: str, value: Any, kinds: tuple[type, ...], *given: Any) -> Any:
    if type(value) not in kinds:
        raise wrong(name, value, *given)
    return value


def _values(name: str, value: Any, *given: Any) -> list[Any]:
    return list(each(_known(name, value, (list, dict), *given)))


def _length(value: Any) -> Any:
    if value is None:
        return 0
    if v.is_number(value):
        return abs(value)
    return len(_known("length", value, (str, list, dict)))


def _keys(value: Any) -> list[Any]:
    return sorted(value) if isinstance(value, dict) else list(range(len(_known("keys", value, (list,)))))


def total(value: Any) -> Any:
    found = None
    for piece in _values("add", value):
        found = v.operate("+", found, piece)
    return found


_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _tonumber(value: Any) -> Any:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise JqError(f"tonumber cannot be applied to {v.preview(value)}: invalid number")
        return int(value) if re.fullmatch(r"[+-]?[0-9]+", value) else float(value)
    return _known("tonumber", value, (int, float))


def to_entries(value: Any) -> list[Any]:
    _known("to_entries", value, (list, dict))
    return [{"key": key, "value": value[key]} for key in _keys(value)]


def from_entries(value: Any) -> dict[str, Any]:
    found = {}
    for entry in _known("from_entries", value, (list,)):
        _known("from_entries", entry, (dict,))
        key = next((entry[k] for k in ("key", "Key", "name", "Name") if true(entry.get(k))), None)
        if not isinstance(key, str):
            said = f"expected a string for object key but got: {v.described(key)}"
            raise JqError(f"from_entries cannot be applied to {v.preview(value)}: {said}")
        found[key] = next((entry[k] for k in ("value", "Value") if k in entry), None)
    return found


def _flat(values: list[Any], depth: float) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list) and depth != 0:
            yield from _flat(value, depth - 1)
        else:
            yield value


def _flatten(value: Any, depth: Any) -> list[Any]:
    values = _values("flatten", value)
    if not v.is_number(depth):
        raise wrong("flatten", depth)
    if depth < 0:
        raise JqError(f"flatten depth should not be negative: {v.preview(float(depth))}")
    return list(_flat(values, depth))


def firsts(pairs: list[tuple[Any, Any]]) -> list[Any]:
    return [next(group)[1] for _, group in itertools.groupby(pairs, key=lambda pair: pair[0])]


def most(pairs: list[tuple[Any, Any]], name: str) -> Any:
    if not pairs:
        return None
    if name.startswith("min"):
        return min(pairs, key=lambda pair: pair[0])[1]
    return max(reversed(pairs), key=lambda pair: pair[0])[1]  # the last of those that are equal


def _contains(value: Any, given: Any) -> bool:
    if v.is_number(value) and v.is_number(given):
        return bool(value == given)
    if type(value) is type(given):
        if isinstance(value, str):
            return given in value
        if isinstance(value, list):
            return all(any(_contained(each_, one) for each_ in value) for one in given)
        if isinstance(value, dict):
            return all(key in value and _contained(value[key], given[key]) for key in given)
        if value == given:
            return True
    raise wrong("contains", value, given)


def _contained(value: Any, given: Any) -> bool:
    try:
        return _contains(value, given)
    except JqError:
        return False


def _has(value: Any, key: Any) -> bool:
    if value is None:
        return False
    if isinstance(value, list) and v.is_number(key):
        return 0 <= v.to_int(key) < len(value)
    if isinstance(value, dict) and isinstance(key, str):
        return key in value
    raise wrong("has", value, key)


def _join(value: Any, separator: Any) -> str:
    values = _values("join", value, separator)
    if len(values) > 1 and not isinstance(separator, str):
        raise wrong("join", value, separator)
    for piece in values:
        if isinstance(piece, (list, dict)):
            raise JqError(f"join cannot be applied to an array including: {v.described(piece)}")
    texts = ["" if piece is None else v.tostring(piece) for piece in values]
    return str(separator).join(texts) if len(texts) > 1 else "".join(texts)


def _split(value: Any, separator: Any) -> list[str]:
    _known("split", value, (str,))
    if not isinstance(separator, str):
        raise wrong("split", "")
    return v.split(value, separator)


def _texts(name: str, run: Callable[[str, str], Any]) -> Callable[[Any, Any], Any]:
    def checked(value: Any, given: Any) -> Any:
        if not isinstance(value, str) or not isinstance(given, str):
            raise wrong(name, value, given)
        return run(value, given)

    return checked


def _text(name: str, run: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: run(_known(name, value, (str,)))


def _found(name: str, value: Any, given: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str) and isinstance(given, str):
        found = v.places(list(value), list(given))
    elif isinstance(value, list):
        found = v.places(value, given if isinstance(given, list) else [given])
    else:
        raise wrong(name, value, given)
    if name == "indices":
        return found
    return (found[0] if name == "index" else found[-1]) if found else None


def test(value: Any, pattern: Any, flags: Any = None) -> bool:
    if not isinstance(value, str) or not isinstance(pattern, str) or not isinstance(flags, str | None):
        raise wrong("test", value, pattern, flags)
    if set(flags or "") - set("gim"):
        raise JqError(f'unsupported regular expression flag: "{v.encode(flags)[1:-1]}"')
    before = ("(?s)" if "m" in (flags or "") else "") + ("(?i)" if "i" in (flags or "") else "")
    whole = before + pattern.replace("(?<", "(?P<")
    try:
        return compile_pattern(whole).matches(value)
    except PatternError as error:
        raise JqError(f'invalid regular expression "{escaped(whole)}": {error}') from None


def _math(name: str, run: Callable[[float], float]) -> Callable[[Any], Any]:
    def checked(value: Any) -> float:
        number = float(_known(name, value, (int, float)))
        return float(run(number)) if math.isfinite(number) else number

    return checked


def _round(number: float) -> float:
    return math.copysign(math.floor(abs(number) + 0.5), number)


def _fromjson(value: Any) -> Any:
    _known("fromjson", value, (str,))
    try:
        return json.loads(value)
    except ValueError:
        raise JqError(f"fromjson cannot be applied to {v.preview(value)}: invalid JSON") from None


def _error(value: Any) -> Any:
    raise JqError(f"error: {v.tostring(value)}", value)


def _unbase64(value: Any) -> str:
    text = v.tostring(value).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode(errors="replace")
    except ValueError:
        raise v.NotRunLocally(f"@base64d of {v.preview(value)}: not base64") from None


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)

PLAIN: dict[str, Callable[[Any], Any]] = {
    "abs": lambda x: abs(_known("abs", x, (int, float))),
    "add": total,
    "all": lambda x: all(map(true, each(x))),
    "any": lambda x: any(map(true, each(x))),
    "ascii_downcase": _text("ascii_downcase", lambda text: text.translate(_LOWER)),
    "ascii_upcase": _text("ascii_upcase", lambda text: text.translate(_UPPER)),
    "ceil": _math("ceil", math.ceil),
    "error": _error,
    "explode": _text("explode", lambda text: [ord(char) for char in text]),
    "fabs": _math("fabs", abs),
    "first": lambda x: v.index(x, 0),
    "flatten": lambda x: list(_flat(_values("flatten", x), -1)),
    "floor": _math("floor", math.floor),
    "from_entries": from_entries,
    "fromjson": _fromjson,
    "keys": _keys,
    "last": lambda x: v.index(x, -1),
    "length": _length,
    "ltrim": _text("ltrim", str.lstrip),
    "max": lambda x: most([(order(i), i) for i in _known("max", x, (list,))], "max"),
    "min": lambda x: most([(order(i), i) for i in _known("min", x, (list,))], "min"),
    "not": lambda x: not true(x),
    "reverse": lambda x: _known("reverse", x, (list,))[::-1],
    "round": _math("round", _round),
    "rtrim": _text("rtrim", str.rstrip),
    "sort": lambda x: sorted(_known("sort", x, (list,)), key=order),
    "to_entries": to_entries,
    "tojson": v.encode,
    "tonumber": _tonumber,
    "tostring": v.tostring,
    "trim": _text("trim", str.strip),
    "trunc": _math("trunc", math.trunc),
    "type": v.type_of,
    "unique": lambda x: firsts([(order(i), i) for i in sorted(_known("unique", x, (list,)), key=order)]),
    "utf8bytelength": _text("utf8bytelength", lambda text: len(text.encode())),
}
WITH_ONE: dict[str, Callable[[Any, Any], Any]] = {
    "contains": _contains,
    "endswith": _texts("endswith", str.endswith),
    "error": lambda _, given: _error(given),
    "flatten": _flatten,
    "has": _has,
    "index": lambda x, given: _found("index", x, given),
    "indices": lambda x, given: _found("indices", x, given),
    "inside": lambda x, given: _contains(given, x),
    "join": _join,
    "ltrimstr": _texts("ltrimstr", str.removeprefix),
    "nth": v.index,
    "rindex": lambda x, given: _found("rindex", x, given),
    "rtrimstr": _texts("rtrimstr", str.removesuffix),
    "split": _split,
    "startswith": _texts("startswith", str.startswith),
    "test": test,
}
FORMATS: dict[str, Callable[[Any], str]] = {
    "@text": v.tostring,
    "@json": v.encode,
    "@html": lambda x: html.escape(v.tostring(x)).replace("&#x27;", "&apos;"),
    "@uri": lambda x: quote(v.tostring(x), safe="~-_."),
    "@base64": lambda x: base64.b64encode(v.tostring(x).encode()).decode(),
    "@base64d": _unbase64,
}
