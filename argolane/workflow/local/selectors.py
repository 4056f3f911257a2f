"""A label selector in, requirements on an object out: how Argo reads successCondition and failureCondition.

`status.state == Available, status.replicas > 1`: commas mean and; the names are gjson paths into the object.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argolane.workflow.expressions.gotext import to_json

_TOKEN = re.compile(r"\s*(==|!=|=|!|<|>|\(|\)|,|[^\s=!<>(),]+)")


class SelectorError(Exception):
    """The text is no label selector; the message is Kubernetes' own."""


@dataclass(frozen=True)
class Requirement:
    """One condition; `shown` is how Go prints it in messages."""

    key: str
    operator: str
    values: tuple[str, ...]

    @property
    def shown(self) -> str:
        return f"{{{self.key} {self.operator} [{' '.join(self.values)}]}}"

    def matches(self, body: Mapping[str, Any]) -> bool:
        found = lookup(body, self.key)
        exists = found is not _MISSING
        text = _text(found) if exists else ""
        if self.operator in ("=", "==", "in"):
            return exists and text in self.values
        if self.operator in ("!=", "notin"):
            return not exists or text not in self.values
        if self.operator == "exists":
            return exists
        if self.operator == "!":
            return not exists
        try:
            left, right = int(text), int(self.values[0])
        except ValueError:
            return False
        return exists and (left > right if self.operator == "gt" else left < right)


def parse(text: str) -> tuple[Requirement, ...]:
    """The requirements of a selector; SelectorError when it is none."""
    tokens = _TOKEN.findall(text)
    found = []
    position = 0
    while position < len(tokens):
        requirement, position = _requirement(tokens, position)
        found.append(requirement)
        if position < len(tokens):
            if tokens[position] != ",":
                raise SelectorError(f"found '{tokens[position]}', expected: ',' or 'end of string'")
            position += 1
    return tuple(found)


def _requirement(tokens: Sequence[str], at: int) -> tuple[Requirement, int]:
    if tokens[at] == "!":
        return Requirement(_word(tokens, at + 1), "!", ()), at + 2
    key = _word(tokens, at)
    following = tokens[at + 1] if at + 1 < len(tokens) else ","
    if following == ",":
        return Requirement(key, "exists", ()), at + 1
    if following in ("=", "==", "!="):
        empty = at + 2 >= len(tokens) or tokens[at + 2] == ","
        value = "" if empty else _word(tokens, at + 2)
        return Requirement(key, following, (value,)), at + (2 if empty else 3)
    if following in ("<", ">"):
        value = _word(tokens, at + 2)
        if not re.fullmatch(r"[+-]?\d+", value):
            raise SelectorError(
                f"for 'Gt', 'Lt' operators, the value must be an integer: strconv.ParseInt: parsing "
                f'"{value}": invalid syntax'
            )
        return Requirement(key, "gt" if following == ">" else "lt", (value,)), at + 3
    if following in ("in", "notin"):
        return _in(tokens, at, key, following)
    raise SelectorError(
        f"unable to parse requirement: found '{following}', expected: in, notin, =, ==, !=, gt, lt"
    )


def _in(tokens: Sequence[str], at: int, key: str, operator: str) -> tuple[Requirement, int]:
    if at + 2 >= len(tokens) or tokens[at + 2] != "(":
        raise SelectorError("found '', expected: '('")
    try:
        end = tokens.index(")", at)
    except ValueError:
        raise SelectorError("found '', expected: ',', ')' or identifier") from None
    values = tuple(sorted(word for word in tokens[at + 3 : end] if word != ","))
    return Requirement(key, operator, values), end + 1


def _word(tokens: Sequence[str], at: int) -> str:
    if at >= len(tokens) or tokens[at] in ("=", "==", "!=", ",", "(", ")", "<", ">", "!"):
        found = tokens[at] if at < len(tokens) else ""
        raise SelectorError(f"unable to parse requirement: found '{found}', expected: identifier")
    return tokens[at]


_MISSING = object()


def lookup(value: Any, path: str) -> Any:
    """A gjson path: dots, list positions, `#` for a length, `\\.` for a dot in a key."""
    for part in (p.replace("\0", ".") for p in path.replace("\\.", "\0").split(".")):
        if isinstance(value, Mapping):
            if part not in value:
                return _MISSING
            value = value[part]
        elif isinstance(value, list):
            if part == "#":
                value = len(value)
            elif part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return _MISSING
        else:
            return _MISSING
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value)
