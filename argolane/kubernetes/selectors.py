"""A label selector in, requirements on an object out: how Argo reads successCondition and failureCondition.

`status.state == Available, status.replicas > 1`: commas mean and; the names are gjson paths into the object.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from argolane.kubernetes.names import not_a_label_key, not_a_label_value
from argolane.languages.gotext import number_plain, quote, to_json

_TOKEN = re.compile(r"[ \t\r\n]*(==|!=|[=!<>(),]|[^ \t\r\n=!<>(),]+|$)")
_SIGNS = frozenset(("==", "!=", "=", "!", "<", ">", "(", ")", ",", ""))
_OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt")


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
        return self._holds(lookup(body, self.key))

    def matches_label(self, labels: Mapping[str, Any]) -> bool:
        """Of an object's labels, whose names are no paths."""
        return self._holds(labels.get(self.key, _MISSING))

    def _holds(self, found: Any) -> bool:
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
        if not exists or not _is_int64(text):
            return False
        left, right = int(text), int(self.values[0])
        return left > right if self.operator == "gt" else left < right


def parse(text: str) -> tuple[Requirement, ...]:
    """The requirements of a selector, in the order of their names; SelectorError when it is none."""
    return tuple(sorted(_Parser(text).requirements(), key=lambda found: found.key))


class _Parser:
    """As k8s.io/apimachinery/pkg/labels reads it."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = [*_TOKEN.findall(text), ""]
        self.at = 0

    def requirements(self) -> Iterator[Requirement]:
        while self._ahead():
            if self._ahead() in _SIGNS - {"!"}:
                raise SelectorError(f"found '{self._ahead()}', expected: !, identifier, or 'end of string'")
            try:
                yield self._requirement()
            except SelectorError as error:
                raise SelectorError(f"unable to parse requirement: {error}") from None
            after = self._next()
            if not after:
                return
            if after != ",":
                raise SelectorError(f"found '{after}', expected: ',' or 'end of string'")
            if self._ahead() in _SIGNS - {"!"}:
                raise SelectorError(f"found '{self._ahead()}', expected: identifier after ','")

    def _ahead(self) -> str:
        return self.tokens[self.at]

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def _requirement(self) -> Requirement:
        absent = self._ahead() == "!"
        self.at += absent
        key = self._word()
        if faults := list(not_a_label_key(key)):
            raise SelectorError(f'<nil>: Invalid value: "{quote(key)}": {"; ".join(faults)}')
        if absent:
            return Requirement(key, "!", ())
        if self._ahead() in ("", ","):
            return Requirement(key, "exists", ())
        operator = self._next()
        if operator in ("in", "notin"):
            return self._checked(key, operator, self._values())
        if operator not in ("=", "==", "!=", "<", ">"):
            raise SelectorError(f"found '{operator}', expected: {', '.join(_OPERATORS)}")
        value = "" if self._ahead() in ("", ",") else self._word()
        return self._checked(key, {"<": "lt", ">": "gt"}.get(operator, operator), [value])

    def _word(self) -> str:
        found = self._next()
        if found in _SIGNS:
            raise SelectorError(f"found '{found}', expected: identifier")
        return found

    def _values(self) -> list[str]:
        if (found := self._next()) != "(":
            raise SelectorError(f"found '{found}' expected: '('")
        if self._ahead() in _SIGNS - {",", ")"}:
            raise SelectorError(f"found '{self._ahead()}', expected: ',', ')' or identifier")
        values: set[str] = set()
        while (found := self._next()) != ")":
            if found not in _SIGNS:
                values.add(found)
                if self._ahead() not in (",", ")"):
                    raise SelectorError(f"found '{self._ahead()}', expected: ',' or ')'")
            elif found != ",":
                raise SelectorError(f"found '{found}', expected: ',', or identifier")
            elif not values or self._ahead() in (")", ","):
                values.add("")
                self.at += (twice := self._ahead() == ",")
                if twice and self._ahead() == ")":
                    raise SelectorError("found ')', expected: ',', or identifier")
        return sorted(values) or [""]

    def _checked(self, key: str, operator: str, values: list[str]) -> Requirement:
        faults = []
        if operator in ("gt", "lt") and not _is_int64(values[0]):
            rule = "for 'Gt', 'Lt' operators, the value must be an integer"
            faults.append(f'values[0]: Invalid value: "{quote(values[0])}": {rule}')
        for i, value in enumerate(values):
            if found := list(not_a_label_value(value)):
                faults.append(f'values[{i}][{key}]: Invalid value: "{quote(value)}": {"; ".join(found)}')
        if faults:
            raise SelectorError(faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]")
        return Requirement(key, operator, tuple(values))


def _is_int64(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?[0-9]+", text)) and -(2**63) <= int(text) < 2**63


_MISSING = object()


def lookup(value: Any, path: str) -> Any:
    """A gjson path: dots and list positions."""
    for part in path.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and re.fullmatch(r"[0-9]+", part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return _MISSING
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return number_plain(value)
    return value if isinstance(value, str) else to_json(value)
