"""A Workflow and the WorkflowTemplate it refers to in, one spec out: Argo's precedence.

What is submitted beats the Workflow, which beats the WorkflowTemplate. Lists with a merge key (templates,
parameters, volumes, ...) are joined by it, other lists are replaced, maps are merged.
"""

from collections.abc import Mapping
from typing import Any

from argolane.kubernetes.patching import strategic_merge


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
        arguments["parameters"] = fresh + [p for p in declared if p.get("name") not in given]
        plain["arguments"] = arguments
    return plain


def differing(
    given: Mapping[str, str], workflow: Mapping[str, Any], template: Mapping[str, Any] | None
) -> dict[str, str]:
    """Those of the submitted parameters whose values are not what the workflow has anyway."""
    own = _valued(template or {}) | _valued(workflow)
    values = {name: str(p.get("value", p.get("default"))) for name, p in own.items()}
    return {name: value for name, value in given.items() if values.get(name) != value}


def _valued(spec: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    parameters = (spec.get("arguments") or {}).get("parameters") or ()
    return {
        p["name"]: p
        for p in parameters
        if any(p.get(k) is not None for k in ("value", "default", "valueFrom"))
    }
