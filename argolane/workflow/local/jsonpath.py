"""kubectl's jsonPath template and an object in, text out: `{.data.state}-{.items[0].name}`."""

import re
from collections.abc import Iterator
from typing import Any

from argolane.workflow.expressions.gotext import to_json

_STEP = re.compile(
    r"\.\.(?P<deep>[\w-]+)|\.(?P<name>(?:[\w-]|\\.)+|\*)|\[\s*(?P<index>-?\d+|\*)\s*\]|\['(?P<key>[^']*)'\]"
    r"|\[\?\(\s*@(?P<where>[.\w-]+)\s*(?P<operator>==|!=)\s*(?P<value>[^)]+?)\s*\)\]"
)


class PathError(Exception):
    """The path is none, or leads nowhere; the text is kubectl's own."""


def render(template: str, body: Any) -> str:
    """The template with every `{...}` replaced; several results are joined by a blank."""
    if not template.startswith("{") and "{" not in template:
        template = "{" + (template if template.startswith((".", "$")) else f".{template}") + "}"
    return "".join(_parts(template, body))


def _parts(template: str, body: Any) -> Iterator[str]:
    rest = template
    while (at := rest.find("{")) >= 0:
        yield rest[:at]
        end = rest.find("}", at)
        if end < 0:
            raise PathError(f"error parsing jsonpath {template}, unclosed action")
        inner = rest[at + 1 : end].strip()
        rest = rest[end + 1 :]
        if inner[:1] in "\"'":
            yield inner[1:-1].encode().decode("unicode_escape")
        elif inner.startswith("range") or inner == "end":
            raise PathError(f"error parsing jsonpath {template}: range is not run locally. Use jqFilter.")
        else:
            yield " ".join(_text(value) for value in _walk(template, inner, body))
    yield rest


def _walk(template: str, path: str, body: Any) -> list[Any]:
    values = [body]
    position = 1 if path.startswith(("$", "@")) else 0
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise PathError(
                f"error parsing jsonpath {template}, unrecognized character in action: {path[position:]!r}"
            )
        values = [found for value in values for found in _step(step, value)]
        position = step.end()
    return values


def _step(step: re.Match[str], value: Any) -> list[Any]:
    name = step["name"] or step["key"]
    if step["deep"]:
        return list(_deep(value, step["deep"]))
    if step["where"]:
        return [v for v in value or () if _holds(v, step)]
    if name == "*" or step["index"] == "*":
        return list(value.values()) if isinstance(value, dict) else list(value or ())
    if step["index"] is not None:
        if not isinstance(value, list):
            raise PathError(f"error executing jsonpath: {type(value).__name__} is not array or slice")
        index = int(step["index"])
        if not -len(value) <= index < len(value):
            raise PathError(
                f"error executing jsonpath: array index out of bounds: index {index}, length {len(value)}"
            )
        return [value[index]]
    key = name.replace("\\.", ".")
    # kubectl get allows missing keys: what is not there is nothing.
    return [value[key]] if isinstance(value, dict) and key in value else []


def _holds(value: Any, step: re.Match[str]) -> bool:
    for part in step["where"].strip(".").split("."):
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    same = _text(value) == step["value"].strip("\"'")
    return same if step["operator"] == "==" else not same


def _deep(value: Any, name: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if name in value:
            yield value[name]
        for inner in value.values():
            yield from _deep(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _deep(inner, name)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value)
