"""An object and a patch in, the patched object out: merge, strategic and JSON patches as of the API server.

A strategic merge is also what Argo joins a Workflow with its WorkflowTemplate by, and a template with its
defaults. Types are not known here: by which key the entries of a list are one and the same hangs on the
list's name alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import jsonpatch

# Of lists in pods, Deployments, Services and Workflows; those that are not here are replaced as a whole.
MERGE_KEYS = {
    "artifacts": ("name",),
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "parameters": ("name",),
    "ports": ("containerPort", "port"),  # of a container, of a Service
    "sidecars": ("name",),
    "templates": ("name",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
_DIRECTIVE, _RETAIN = "$patch", "$retainKeys"


class PatchError(Exception):
    """The patch does not fit; the text says which part of it and why."""


def patch(body: Mapping[str, Any], change: Any, strategy: str) -> dict[str, Any]:
    """By mergeStrategy: merge, strategic or json."""
    by_strategy = {"json": json_patch, "merge": merge_patch, "strategic": strategic_merge}
    if strategy not in by_strategy:
        raise PatchError(f"error: --type must be one of [{' '.join(by_strategy)}], not {strategy!r}")
    found: dict[str, Any] = by_strategy[strategy](body, change)
    return found


def merge_patch(body: Any, change: Any) -> Any:
    """RFC 7386: null removes, maps merge, the rest is replaced."""
    if not isinstance(change, Mapping):
        return change
    merged = dict(body) if isinstance(body, Mapping) else {}
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def strategic_merge(body: Any, change: Any, name: str = "") -> Any:
    """The same, but lists of objects are joined by a key; `name` is that of the field which `body` is in."""
    if isinstance(change, Mapping):
        return _merged_map(body, change)
    if isinstance(change, list) and isinstance(body, list) and (key := merge_key(name, [*body, *change])):
        return _merged_list(body, change, key)
    if isinstance(change, list):
        return [strategic_merge(None, entry) for entry in change if not _deletes(entry)]
    return change


def json_patch(body: Mapping[str, Any], operations: Any) -> dict[str, Any]:
    """RFC 6902, all of it: add, remove, replace, move, copy, test."""
    if not isinstance(operations, list) or not all(isinstance(one, Mapping) for one in operations):
        raise PatchError("a json patch is a list of operations, such as [{op: remove, path: /data/key}]")
    found: Any = body
    for number, operation in enumerate(operations):
        try:
            found = jsonpatch.apply_patch(found, [operation])
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            what = f"{operation.get('op')} {operation.get('path')}"
            raise PatchError(f"the json patch does not fit: operation {number} ({what}): {error}") from None
    if not isinstance(found, dict):
        raise PatchError("the json patch leaves no object")
    return found


def _merged_map(body: Any, change: Mapping[str, Any]) -> dict[str, Any]:
    directive = change.get(_DIRECTIVE, "merge")
    if directive not in ("merge", "replace", "delete"):
        raise PatchError(f"{_DIRECTIVE} is {directive!r}; expected merge, replace or delete")
    merged = dict(body) if isinstance(body, Mapping) and directive == "merge" else {}
    if directive == "delete":
        return merged
    if _RETAIN in change:
        merged = {name: value for name, value in merged.items() if name in change[_RETAIN]}
    for name, value in change.items():
        if name in (_DIRECTIVE, _RETAIN):
            continue
        if name.startswith(("$setElementOrder/", "$deleteFromPrimitiveList/")):
            raise PatchError(
                f"{name!r} is for a cluster; a strategic patch has {_DIRECTIVE} and {_RETAIN} here"
            )
        if value is None or (isinstance(value, Mapping) and _deletes(value)):
            merged.pop(name, None)
        else:
            merged[name] = strategic_merge(merged.get(name), value, name)
    return merged


def _merged_list(body: Sequence[Any], change: Sequence[Any], key: str) -> list[Any]:
    """What the change names is in its order; the rest stays before what it was before."""
    if any(entry.get(_DIRECTIVE) == "replace" and len(entry) == 1 for entry in change):
        body, change = [], [entry for entry in change if entry.get(_DIRECTIVE) != "replace"]
    named = {entry.get(key): entry for entry in body}
    places = {value: place for place, value in enumerate(named)}
    touched = {entry.get(key) for entry in change}
    rest = [entry for entry in body if entry.get(key) not in touched]
    found: list[Any] = []
    for entry in change:
        place = places.get(entry.get(key))
        while rest and place is not None and places[rest[0].get(key)] < place:
            found.append(rest.pop(0))
        if not _deletes(entry):
            found.append(_merged_map(named.get(entry.get(key)), entry))
    return found + rest


def merge_key(name: str, entries: Sequence[Any]) -> str | None:
    """By what the entries of the list `name` are one and the same; None for a list that is replaced."""
    if not all(isinstance(entry, Mapping) for entry in entries):
        return None
    keys = MERGE_KEYS.get(name, ())
    return next((key for key in keys if any(key in entry for entry in entries)), None)


def _deletes(entry: Any) -> bool:
    return isinstance(entry, Mapping) and entry.get(_DIRECTIVE) == "delete"
