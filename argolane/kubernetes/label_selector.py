"""A LabelSelector as a mapping (matchLabels, matchExpressions) in, why it is none out, in Kubernetes' words.

A selector that is one line of text is read in selectors.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from argolane.kubernetes.names import not_a_label_key, not_a_label_value
from argolane.languages.gotext import quote

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def not_a_selector(selector: Mapping[str, Any]) -> str:
    """The first thing that is wrong, or ''."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if fault := _whole([*_key(str(key)), *_values(str(key), [str(value)])]):
            return fault
    for entry in selector.get("matchExpressions") or ():
        key, operator = str(entry.get("key") or ""), str(entry.get("operator") or "")
        values = [str(value) for value in entry.get("values") or ()]
        if operator not in _OPERATORS:
            return f'"{quote(operator)}" is not a valid label selector operator'
        if fault := _whole([*_key(key), *_number(operator, values), *_values(key, values)]):
            return fault
    return ""


def _whole(faults: list[str]) -> str:
    return faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]" if faults else ""


def _key(key: str) -> Iterator[str]:
    if found := list(not_a_label_key(key)):
        yield f'key: Invalid value: "{quote(key)}": {"; ".join(found)}'


def _number(operator: str, values: list[str]) -> Iterator[str]:
    if operator in ("In", "NotIn") and not values:
        yield "values: Invalid value: []string(nil): for 'in', 'notin' operators, values set can't be empty"
    elif operator in ("Exists", "DoesNotExist") and values:
        rule = "values set must be empty for exists and does not exist"
        shown = ", ".join(f'"{quote(value)}"' for value in values)
        yield f"values: Invalid value: []string{{{shown}}}: {rule}"


def _values(key: str, values: list[str]) -> Iterator[str]:
    for i, value in enumerate(values):
        if found := list(not_a_label_value(value)):
            yield f'values[{i}][{key}]: Invalid value: "{quote(value)}": {"; ".join(found)}'
