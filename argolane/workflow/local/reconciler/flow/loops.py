"""A step or task with `withItems`, `withParam` or `withSequence` in, one copy for each item out."""

import json
from collections.abc import Mapping
from typing import Any

from argolane.errors import ArgolaneError
from argolane.languages import items
from argolane.languages.values import any_string, go_json_error
from argolane.workflow.local.reconciler.errors import OperationError, WaitsForEver
from argolane.workflow.local.reconciler.template.evaluation import replace, should_execute

_LOOPS = ("withItems", "withParam", "withSequence")
_INT64 = range(-(2**63), 2**63)


def expands(holder: Mapping[str, Any]) -> bool:
    """Whether a step or task is a loop."""
    return any(holder.get(loop) for loop in _LOOPS)


def may_start(holder: Mapping[str, Any]) -> bool:
    """Whether `when` lets a step or task start, as far as that can be said before its items are filled in.

    As in Argo, the artifacts of one that does not start are never looked for.
    """
    try:
        return should_execute(str(holder.get("when") or ""))
    except OperationError:
        return expands(holder)


def expand(holder: Mapping[str, Any], params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The members of a loop, named `task(0:value)`; a holder that is no loop is its only member."""
    if not expands(holder):
        return [dict(holder)]
    condition = str(holder.get("when") or "")
    try:
        values = _values(holder)
    except OperationError:
        if _may_run(condition):
            raise
        values = []
    written = _as_written(str(holder["withParam"])) if holder.get("withParam") and values else {}
    body = {key: value for key, value in holder.items() if key not in _LOOPS}
    members = []
    for index, item in enumerate(values):
        member = _fill(body, {**params, **items.scope(item)}, condition)
        name = str(holder["name"])
        text = written.get(index)
        plain = f"{name}({index}:{text})" if text is not None else items.node_name(name, index, item)
        member["name"] = plain
        if "template" in holder:
            member["template"] = holder["template"]
        members.append(member)
    return members


def _fill(body: dict[str, Any], params: Mapping[str, Any], condition: str) -> dict[str, Any]:
    if _may_run(condition):
        try:
            return dict(replace(body, params, strict=True))
        except WaitsForEver as error:
            raise OperationError(str(error)) from None
    # It never runs: an output that is absent must not fail the whole loop.
    return dict(replace(body, {key: value for key, value in params.items() if value is not None}))


def _may_run(condition: str) -> bool:
    """A condition that cannot be decided yet reads the item."""
    try:
        return should_execute(condition)
    except OperationError:
        return True


def _values(holder: Mapping[str, Any]) -> list[Any]:
    if holder.get("withItems"):
        return [as_stored(item) for item in holder["withItems"]]
    if holder.get("withParam"):
        return _list(str(holder["withParam"]))
    try:
        return list(items.sequence(holder["withSequence"]))
    except ArgolaneError as error:
        raise OperationError(str(error)) from None


def as_stored(item: Any) -> Any:
    """A manifest goes through Kubernetes' API server as JSON: a number beyond 64 bits becomes a float, and
    a key a text (an unquoted n is the boolean false to YAML)."""
    if isinstance(item, int) and item not in _INT64:
        return float(item)
    if isinstance(item, list):
        return [as_stored(part) for part in item]
    if isinstance(item, dict):
        return {
            key if isinstance(key, str) else any_string(key): as_stored(value) for key, value in item.items()
        }
    return item


def _list(text: str) -> list[Any]:
    try:
        value = items.load(text)
    except ValueError:
        problem = go_json_error(text)
    else:
        if value is None or isinstance(value, list):
            return value or []
        kind = "object" if isinstance(value, dict) else "bool" if isinstance(value, bool) else "string"
        kind = "number" if isinstance(value, items.Number) else kind
        problem = f"json: cannot unmarshal {kind} into Go value of type []v1alpha1.Item"
    raise OperationError(f"withParam value could not be parsed as a JSON list: {text.strip()}: {problem}")


def _as_written(text: str) -> dict[int, str]:
    """Texts of a JSON list that hold escapes: a member's name shows \\u00fc as it stands, not the letter."""
    if "\\" not in text:
        return {}
    decoder = json.JSONDecoder()
    found: dict[int, str] = {}
    position = text.index("[") + 1
    index = 0
    while text[position:].lstrip(" \t\r\n,")[:1] not in ("]", ""):
        position = len(text) - len(text[position:].lstrip(" \t\r\n,"))
        value, end = decoder.raw_decode(text, position)
        if isinstance(value, str):
            found[index] = text[position + 1 : end - 1].replace("(", "").replace(")", "")
        position, index = end, index + 1
    return found
