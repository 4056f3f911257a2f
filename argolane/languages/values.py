"""YAML values in, the texts that Argo makes of them out.

Argo reads YAML through JSON into Go types: parameters become strings by way of float64, loop items keep their
JSON text.
"""

import json
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from argolane.languages.gotext import to_json
from argolane.languages.items import Number

_PARAMETER_KEYS = ("value", "default")
_DURATION = re.compile(r"([0-9]*\.?[0-9]+|[0-9]+\.)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

# Comparisons by their signs.
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip


def any_string(value: object) -> str:
    """A parameter's value as Argo's AnyString: 1.10 is '1.1', True is 'true', text stays, a map is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format(Decimal(repr(float(value))), "f").removesuffix(".0")
    return "" if isinstance(value, dict | list) else str(value)


def normalized(parameters: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Parameters with every value, default and choice as text; a null is no value."""
    result = []
    for parameter in parameters or []:
        plain = dict(parameter)
        for key in _PARAMETER_KEYS:
            if key in plain:
                if plain[key] is None:
                    del plain[key]
                else:
                    plain[key] = any_string(plain[key])
        if plain.get("enum"):
            plain["enum"] = [any_string(choice) for choice in plain["enum"]]
        source = plain.get("valueFrom")
        if isinstance(source, dict) and source.get("default") is not None:
            plain["valueFrom"] = {**source, "default": any_string(source["default"])}
        result.append(plain)
    return result


def normalize_tree(tree: Any) -> Any:
    """A spec with the parameters of every arguments, inputs and outputs in it made text."""
    if isinstance(tree, list):
        return [normalize_tree(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    plain = {}
    for key, value in tree.items():
        if key in ("arguments", "inputs", "outputs") and isinstance(value, dict):
            value = dict(value)
            if isinstance(value.get("parameters"), list):
                value["parameters"] = normalized(value["parameters"])
            plain[key] = value
        else:
            plain[key] = normalize_tree(value)
    return plain


def compact(value: Any) -> str:
    """JSON without blanks, keys in the order they came, numbers as they were written, `<>&` escaped."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_json(key)}:{compact(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(part) for part in value) + "]"
    return str(value) if isinstance(value, Number) else to_json(value)


def go_json_error(text: str) -> str:
    """The message of Go's encoding/json for text that is no JSON."""
    stripped = text.lstrip(" \t\r\n")
    if not stripped:
        return "unexpected end of JSON input"
    for literal in ("true", "false", "null"):
        if stripped[0] == literal[0]:
            for expected, found in zip(literal, stripped, strict=False):
                if expected != found:
                    wanted = f"in literal {literal} (expecting {_quote(expected)})"
                    return f"invalid character {_quote(found)} {wanted}"
            if len(stripped) < len(literal):
                return "unexpected end of JSON input"
    decoder = json.JSONDecoder()
    try:
        _, end = decoder.raw_decode(stripped)
    except json.JSONDecodeError as error:
        if error.pos >= len(stripped):
            return "unexpected end of JSON input"
        found = stripped[error.pos]
        if error.pos == 0 or "Expecting value" in error.msg:
            return f"invalid character {_quote(found)} looking for beginning of value"
        if "property name" in error.msg:
            return f"invalid character {_quote(found)} looking for beginning of object key string"
        if "delimiter" in error.msg and "':'" in error.msg:
            return f"invalid character {_quote(found)} after object key"
        if "delimiter" in error.msg:
            return f"invalid character {_quote(found)} after {_container(stripped, error.pos)}"
        if "Unterminated" in error.msg:
            return "unexpected end of JSON input"
        return f"invalid character {_quote(found)} looking for beginning of value"
    rest = stripped[end:].lstrip(" \t\r\n")
    found = rest[0] if rest else " "
    return f"invalid character {_quote(found)} after top-level value"


def _container(text: str, position: int) -> str:
    depth: list[str] = []
    quoted = escaped = False
    for character in text[:position]:
        if quoted:
            quoted, escaped = escaped or character != '"', character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth.append(character)
        elif character in "]}" and depth:
            depth.pop()
    return "array element" if depth and depth[-1] == "[" else "object key:value pair"


def _quote(character: str) -> str:
    return {"'": "'\\''", '"': "'\"'"}.get(character, f"'{character}'")


def parse_duration(text: str) -> float:
    """Seconds of Go's duration text, or of a bare number; ValueError with Argo's words."""
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return float(int(text))
    try:
        return go_duration(text)
    except ValueError as error:
        raise ValueError(f"unable to parse {text} as a duration: {error}") from None


def go_duration(text: str) -> float:
    """Seconds of `1h2m3.5s`; ValueError with Go's words."""
    rest = text
    sign = 1.0
    if rest[:1] in "+-" and rest:
        sign = -1.0 if rest[0] == "-" else 1.0
        rest = rest[1:]
    if rest == "0":
        return 0.0
    if not rest or not re.match(r"[0-9.]", rest):
        raise ValueError(f'time: invalid duration "{text}"')
    total = 0.0
    while rest:
        found = _DURATION.match(rest)
        if not found:
            number = re.match(r"[0-9.]+", rest)
            unit = re.match(r"[^0-9.]+", rest[number.end() :]) if number else None
            if unit:
                raise ValueError(f'time: unknown unit "{unit.group()}" in duration "{text}"')
            if number:
                raise ValueError(f'time: missing unit in duration "{text}"')
            raise ValueError(f'time: invalid duration "{text}"')
        total += float(found.group(1)) * _UNITS[found.group(2)]
        rest = rest[found.end() :]
    return sign * total


def int_or_string(value: object) -> int | None:
    """Kubernetes' IntOrString as a number; ValueError with Argo's words; None stays None."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value)
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError(f"value '{text}' cannot be resolved to an int")
    return int(text)
