"""A Workflow and the WorkflowTemplate it refers to in, one spec out: Argo's precedence.

What is submitted beats the Workflow, which beats the WorkflowTemplate. Lists with a merge key (templates,
parameters, volumes, ...) are joined by it, other lists are replaced, maps are merged.
"""

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


def join(
    workflow: Mapping[str, Any],
    template: Mapping[str, Any] | None,
    given: Mapping[str, str] | None = None,
    *,
    entrypoint: str | None = None,
) -> dict[str, Any]:
    """The spec to run: `workflow` and `template` are specs, `given` are submitted parameters."""
    own = submitted(workflow, given or {}, entrypoint)
    if template is None:
        return own
    spec: dict[str, Any] = strategic_merge({k: v for k, v in template.items() if k != "hooks"}, own)
    hooks = {**(template.get("hooks") or {}), **(own.get("hooks") or {})}
    if hooks:
        spec["hooks"] = hooks
    if "suspend" in own:
        spec["suspend"] = own["suspend"]
    else:
        spec.pop("suspend", None)
    valued = [_valued(own), _valued(template)]
    parameters = (spec.get("arguments") or {}).get("parameters")
    if parameters:
        spec["arguments"]["parameters"] = [
            next((source[p["name"]] for source in valued if p["name"] in source), p) for p in parameters
        ]
    return spec


def submitted(
    spec: Mapping[str, Any], given: Mapping[str, str], entrypoint: str | None = None
) -> dict[str, Any]:
    """A spec with what `argo submit -p` and `--entrypoint` put into it."""
    plain = dict(spec)
    if entrypoint:
        plain["entrypoint"] = entrypoint
    if given:
        arguments = dict(plain.get("arguments") or {})
        declared = arguments.get("parameters") or []
        fresh = [{"name": name, "value": value} for name, value in given.items()]
        arguments["parameters"] = fresh + [p for p in declared if p["name"] not in given]
        plain["arguments"] = arguments
    return plain


def _valued(spec: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    parameters = (spec.get("arguments") or {}).get("parameters") or ()
    return {
        p["name"]: p
        for p in parameters
        if any(p.get(k) is not None for k in ("value", "default", "valueFrom"))
    }


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
