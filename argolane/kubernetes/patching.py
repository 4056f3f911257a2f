"""An object and a patch in, the patched object out: merge, strategic and JSON patches as of kubectl."""

from collections.abc import Mapping, Sequence
from typing import Any

# Kubernetes' strategic merge: the key by which entries of a list are one and the same.
MERGE_KEYS = {
    "templates": "name",
    "parameters": "name",
    "artifacts": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "env": "name",
    "imagePullSecrets": "name",
    "sidecars": "name",
    "initContainers": "name",
    "hostAliases": "ip",
    "ports": "containerPort",
    "containers": "name",
    "mutexes": None,
    "tolerations": None,
}


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


def strategic_merge(patch: Any, target: Any, key: str = "") -> Any:
    """`target` with what only `patch` has: Argo's MergeTo, in which the target's own fields win."""
    if isinstance(patch, Mapping) and isinstance(target, Mapping):
        merged = dict(patch)
        for name, value in target.items():
            merged[name] = strategic_merge(patch[name], value, name) if name in patch else value
            if value is None:
                merged.pop(name, None)
        return merged
    merge_key = MERGE_KEYS.get(key)
    if merge_key and _is_objects(patch) and _is_objects(target):
        return _merge_lists(patch, target, merge_key)
    return target


def _merge_lists(patch: Sequence[Any], target: Sequence[Any], merge_key: str) -> list[Any]:
    theirs = {entry.get(merge_key): entry for entry in patch}
    names = {entry.get(merge_key) for entry in target}
    merged = [
        strategic_merge(theirs[entry[merge_key]], entry) if entry.get(merge_key) in theirs else entry
        for entry in target
    ]
    return merged + [entry for entry in patch if entry.get(merge_key) not in names]


def _is_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value)
