"""One item of a loop in, its node's name and the values of its `{{item}}` tags out.

withItems, withParam and withSequence all end here. In withParam a number keeps its own text (2.50 stays
2.50), in withItems it went through YAML (2.50 is 2.5): `load` and plain Python values are the two ways in.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from argolane.errors import ArgolaneError
from argolane.languages.gotext import to_json


class Number(str):
    """A JSON number by its own text."""

    __slots__ = ()


def load(text: str) -> Any:
    """JSON text in, its value out, numbers by their own text; ValueError when it is not JSON."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def node_name(task: str, index: int, item: Any) -> str:
    """`task(0:value)`: what Argo calls the node of one member of a loop."""
    if isinstance(item, dict):
        described = ",".join(sorted(f"{key}:{_inner(value)}" for key, value in item.items()))
    elif isinstance(item, list):
        described = "[" + " ".join(map(_inner, item)) + "]"
    else:
        described = "[]" if item is None else _inner(item)
    return f"{task}({index}:{described.replace('(', '').replace(')', '')})"


def scope(item: Any) -> dict[str, str]:
    """{"item": ...} and, for a map, {"item.key": ...}: what the tags of one member stand for."""
    if isinstance(item, dict):
        return {**{f"item.{key}": _inner(value) for key, value in item.items()}, "item": _json(item)}
    return {"item": str(item) if isinstance(item, str) else _json(item)}


def _json(item: Any) -> str:
    if isinstance(item, Number):
        return str(item)
    if isinstance(item, dict):
        return "{" + ",".join(f"{to_json(key)}:{_json(item[key])}" for key in sorted(item)) + "}"
    if isinstance(item, list):
        return "[" + ",".join(map(_json, item)) + "]"
    return to_json(item)


def _inner(item: Any) -> str:
    """A value within a name or a map: JSON, for a text without its quotes, `<>&` as they are."""
    text = _json(item).replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&")
    return text[1:-1] if text.startswith('"') else text


def sequence(spec: Mapping[str, Any]) -> list[str]:
    """The items of a withSequence: count, or start to end (also downwards), by its printf format."""
    start = _whole(spec.get("start"), 0)
    if spec.get("end") is not None:
        end = _whole(spec["end"], 0)
    elif spec.get("count") is not None:
        count = _whole(spec["count"], 0)
        if count == 0:
            return []
        end = start + count - 1
    else:
        raise ArgolaneError("neither end nor count was specified in withSequence")
    step = 1 if start <= end else -1
    return [_printf(spec.get("format") or "%d", number) for number in range(start, end + step, step)]


def _whole(value: Any, default: int) -> int:
    if value is None or value == "":
        return default
    if not isinstance(value, str):
        return int(value)
    if not re.fullmatch(r"[+-]?[0-9]+", value):
        raise ArgolaneError(f'strconv.Atoi: parsing "{value}": invalid syntax')
    return int(value)


_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?(?P<verb>.)", re.S)


def _printf(format_: str, number: int) -> str:
    used = False

    def one(match: re.Match[str]) -> str:
        nonlocal used
        flags, width, verb = match["flags"], match["width"], match["verb"]
        if verb == "%":
            return "%"
        if used:
            return f"%!{verb}(MISSING)"
        used = True
        if verb == "v":
            verb = "d"
        wrong = "" if verb in "dxXobcq" else verb
        if wrong:
            verb = "d"
        if verb in "cq":
            body = chr(number) if verb == "c" else f"'{chr(number)}'"
            return body.ljust(int(width or 0)) if "-" in flags else body.rjust(int(width or 0))
        shown = _integer(number, flags, int(width or 0), match["precision"], verb)
        return f"%!{wrong}(int={shown})" if wrong else shown

    text = _VERB.sub(one, format_)
    return text if used else f"{text}%!(EXTRA int={number})"


def _integer(number: int, flags: str, width: int, precision: str | None, verb: str) -> str:
    sign = "-" if number < 0 else "+" if "+" in flags else " " if " " in flags else ""
    prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in flags else ""
    digits = format(abs(number), verb).rjust(int(precision or 0), "0")
    if "-" in flags:
        return (sign + prefix + digits).ljust(width)
    if "0" in flags and precision is None:
        return sign + prefix + digits.rjust(width - len(sign) - len(prefix), "0")
    return (sign + prefix + digits).rjust(width)
