"""An object and a patch in, the patched object out: merge, strategic and JSON patches as of kubectl."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.merge import MERGE_KEYS


class PatchError(Exception):
    """The patch does not fit."""


def patch(body: Mapping[str, Any], change: Any, strategy: str) -> dict[str, Any]:
    """By mergeStrategy: merge, strategic or json."""
    if strategy == "json":
        return json_patch(body, change)
    merged: dict[str, Any] = merge_patch(body, change, by_name=strategy == "strategic")
    return merged


def merge_patch(body: Any, change: Any, *, by_name: bool = False, key: str = "") -> Any:
    """RFC 7386: null removes, maps merge, the rest is replaced; strategic joins lists by a key."""
    if isinstance(change, Mapping):
        merged = dict(body) if isinstance(body, Mapping) else {}
        for name, value in change.items():
            if value is None:
                merged.pop(name, None)
            else:
                merged[name] = merge_patch(merged.get(name), value, by_name=by_name, key=name)
        return merged
    merge_key = MERGE_KEYS.get(key) if by_name else None
    if merge_key and isinstance(change, list) and isinstance(body, list):
        known = {entry.get(merge_key): entry for entry in body}
        for entry in change:
            known[entry.get(merge_key)] = merge_patch(known.get(entry.get(merge_key)), entry, by_name=True)
        return list(known.values())
    return change


def json_patch(body: Mapping[str, Any], operations: Any) -> dict[str, Any]:
    """RFC 6902: add, replace, remove."""
    import copy

    result: dict[str, Any] = copy.deepcopy(dict(body))
    for operation in operations:
        *path, last = [p.replace("~1", "/").replace("~0", "~") for p in str(operation["path"]).split("/")[1:]]
        parent: Any = result
        try:
            for part in path:
                parent = parent[int(part)] if isinstance(parent, list) else parent[part]
            _apply(parent, last, operation)
        except (KeyError, IndexError, ValueError, TypeError):
            raise PatchError(f"the json patch has no place {operation['path']!r}") from None
    return result


def _apply(parent: Any, last: str, operation: Mapping[str, Any]) -> None:
    action = operation["op"]
    if isinstance(parent, list):
        position = len(parent) if last == "-" else int(last)
        if action == "add":
            parent.insert(position, operation["value"])
        elif action == "remove":
            del parent[position]
        else:
            parent[position] = operation["value"]
    elif action == "remove":
        del parent[last]
    elif action == "replace" and last not in parent:
        raise KeyError(last)
    else:
        parent[last] = operation["value"]
