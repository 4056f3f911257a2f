"""Objects and a patch in, the patched objects out: strategic merges and JSON patches of a kustomization."""

from collections.abc import Callable, Sequence
from typing import Any

from argolane.errors import ManifestError
from argolane.kubernetes.kustomize.fields import Patch
from argolane.kubernetes.kustomize.resource import Resource
from argolane.kubernetes.patching import PatchError, json_patch, merge_key, merge_patch, strategic_merge
from argolane.manifest import loads

_BUILT_IN = ("", "apps", "batch", "autoscaling", "policy", "extensions")


def apply(
    resources: list[Resource], patch: Patch, *, read: Callable[[str], bytes], where: str
) -> list[Resource]:
    """Those that are left: a patch may delete."""
    if bool(patch.path) == bool(patch.patch):
        raise ManifestError([f"{where}: expected one of path and patch."])
    place = f"{where}: {patch.path}" if patch.path else where
    parts = loads(read(patch.path).decode() if patch.path else patch.patch, place)
    if len(parts) == 1 and isinstance(parts[0], list):
        if patch.target is None:
            raise ManifestError([f"{place}: a JSON patch needs a target."])
        for each in resources:
            if each.is_selected(patch.target, regex=True):
                _json(each, parts[0], place)
        return resources
    if not parts or not all(isinstance(part, dict) for part in parts):
        raise ManifestError([f"{place}: is neither a strategic merge (a mapping) nor a JSON patch (a list)."])
    if patch.target is not None:
        if len(parts) > 1:
            raise ManifestError([f"{place}: with a target there is one patch; found {len(parts)}."])
        chosen = [each for each in resources if each.is_selected(patch.target, regex=True)]
        return _merged(resources, chosen, parts[0], patch, place)
    for part in parts:
        resources = _merged(resources, [_named(resources, part, place)], part, patch, place)
    return resources


def _named(resources: Sequence[Resource], part: dict[str, Any], place: str) -> Resource:
    """The one that a patch names by itself."""
    asked = Resource(part, place)
    found = [each for each in resources if asked.id in each.ids]
    if len(found) != 1:
        kind, _, name = asked.id
        what = "no object" if not found else f"{len(found)} objects"
        raise ManifestError([f"{place}: {what} {kind or '(no kind)'} {name!r} to patch."])
    return found[0]


def _json(each: Resource, operations: list[Any], place: str) -> None:
    try:
        each.body = json_patch(each.body, operations)
    except PatchError as error:
        raise ManifestError([f"{place}: {each.kind} {each.name}: {error}"]) from None


def _merged(
    resources: list[Resource], chosen: Sequence[Resource], part: dict[str, Any], patch: Patch, place: str
) -> list[Resource]:
    gone = []
    for each in chosen:
        if part.get("$patch") == "delete":
            gone.append(each)
            continue
        kind, name, namespace = each.kind, each.name, each.metadata.get("namespace")
        try:
            each.body = _merge(each, part)
        except PatchError as error:
            raise ManifestError([f"{place}: {each.kind} {each.name}: {error}"]) from None
        if not patch.options.allow_kind_change:
            each.body["kind"] = kind
        if not patch.options.allow_name_change:
            each.metadata["name"] = name
        elif each.name != name:
            each.former.append((kind, str(namespace or "default"), name))
        if namespace is not None:
            each.metadata["namespace"] = namespace
    return [each for each in resources if not any(each is one for one in gone)]


def _merge(each: Resource, part: dict[str, Any]) -> dict[str, Any]:
    """Which lists are joined by a key is known of Kubernetes' own kinds alone."""
    group, _ = each.group_version
    known = group in _BUILT_IN or group.endswith(".k8s.io")
    if not known:
        return dict(merge_patch(each.body, part))
    return dict(_patch_first(strategic_merge(each.body, part), part, ""))


def _patch_first(merged: Any, part: Any, name: str) -> Any:
    """The API server leaves the entries of a list where they were; kustomize puts the patch's own first."""
    if isinstance(merged, dict) and isinstance(part, dict):
        return {key: _patch_first(value, part.get(key), key) for key, value in merged.items()}
    if not isinstance(merged, list) or not isinstance(part, list):
        return merged
    key = merge_key(name, [*merged, *part])
    if key is None:
        return merged
    named = {entry.get(key): entry for entry in merged}
    first = [_patch_first(named[entry[key]], entry, "") for entry in part if entry.get(key) in named]
    touched = {entry.get(key) for entry in part}
    return [*first, *(entry for entry in merged if entry.get(key) not in touched)]
