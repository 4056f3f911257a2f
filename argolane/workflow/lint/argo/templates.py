"""A step, task or hook in, Argo's complaints about it and the template it names out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.workflow.lint.argo.arguments import fill
from argolane.workflow.lint.argo.base import Base, Check, Complaint, mapping, mappings, placeholder
from argolane.workflow.lint.argo.dag import check_dag
from argolane.workflow.lint.argo.kinds import KINDS, is_leaf, is_pod, kind_of
from argolane.workflow.lint.argo.leaves import check_leaf
from argolane.workflow.lint.argo.outputs import check_inputs, check_location, check_outputs, input_scope
from argolane.workflow.lint.argo.resolving import resolve
from argolane.workflow.lint.argo.steps import check_steps

_CHOICES = (
    "choose one of: container, containerSet, steps, script, resource, dag, suspend, template, template ref"
)
_RETRY_POLICIES = ("Always", "OnError", "OnFailure", "OnTransientError", "")
_RETRY_TAGS = ("retries", "lastRetry.exitCode", "lastRetry.status", "lastRetry.duration", "lastRetry.message")
_METRIC = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def check_holder(
    check: Check, base: Base, holder: Mapping[str, Any], arguments: Mapping[str, Any] | None, place: str
) -> Iterator[Complaint]:
    """The template that `holder` names, with the `arguments` it gives (None: with any)."""
    home, template, where, fault = resolve(check, base, holder, place)
    if fault is not None:
        yield fault
    if template is None:
        return
    policy = mapping(template.get("retryStrategy")).get("retryPolicy", "")
    if policy not in _RETRY_POLICIES:
        yield home.complaint(f"{policy} is not a valid RetryPolicy", f"{where}.retryStrategy.retryPolicy")
        return
    yield from check_template(check, home, template, arguments, where, place if base is home else where)


def check_template(
    check: Check,
    base: Base,
    template: Mapping[str, Any],
    arguments: Mapping[str, Any] | None,
    place: str,
    caller: str,
) -> Iterator[Complaint]:
    """One template; `caller` is the place to blame for arguments that are missing."""
    name = template.get("name", "")
    if sum(kind in template for kind in KINDS) > 1:
        yield base.complaint(f"templates.{name} multiple template types specified. {_CHOICES}", place)
        return
    yield from check_inputs(base, template, place)
    for index, container in enumerate(mappings(template.get("initContainers"))):
        if not container.get("name"):
            yield base.complaint(
                "initContainers must all have container name", f"{place}.initContainers[{index}]"
            )
    scope = input_scope(template)
    local = {"pod.name": placeholder()} if is_pod(template) else {}
    if "retryStrategy" in template:
        local |= {tag: placeholder() for tag in _RETRY_TAGS}
    scope |= local
    if is_leaf(template):
        scope |= _own_paths(template)
    filled, problem = fill(template, arguments, check.globals, local)
    if problem is not None:
        yield Complaint(f"templates.{name} {problem.text}", caller, base, problem.reason)
        if not problem.lacks:
            return
    if timeout := filled.get("timeout"):
        if not is_leaf(filled):
            kind = {"dag": "DAG", "steps": "Steps", "suspend": "Suspend"}.get(
                kind_of(filled), kind_of(filled)
            )
            yield base.complaint(f"{kind} template doesn't support timeout field.", f"{place}.timeout")
        elif re.fullmatch(r"[+-]?\d+", str(timeout)):
            yield base.complaint(f"{name} has invalid duration format in timeout.", f"{place}.timeout")
    key = f"{base.scope}/{name}"
    if key in check.done:
        return
    check.done.add(key)
    scope |= check.globals
    if filled.get("steps") == []:
        # Go leaves an empty list out when it writes the filled template, which then is of no kind.
        del filled["steps"]
    kind = kind_of(filled)
    if kind == "steps":
        yield from check_steps(check, base, scope, filled, place)
    elif kind == "dag":
        yield from check_dag(check, base, scope, filled, place)
    else:
        yield from check_leaf(check, base, scope, filled, place)
    yield from check_outputs(check, base, scope, filled, place)
    if "archiveLocation" in filled:
        where = f"{place}.archiveLocation"
        yield from check_location(
            base, f"templates.{name}.archiveLocation", mapping(filled["archiveLocation"]), where
        )
    for index, metric in enumerate(mappings(mapping(filled.get("metrics")).get("prometheus"))):
        if text := _metric_fault(f"templates.{name}", metric):
            yield base.complaint(text, f"{place}.metrics.prometheus[{index}]")


def _own_paths(template: Mapping[str, Any]) -> dict[str, Any]:
    outputs = mapping(template.get("outputs"))
    scope: dict[str, Any] = {}
    for artifact in mappings(outputs.get("artifacts")):
        if artifact.get("path"):
            scope[f"outputs.artifacts.{artifact.get('name')}.path"] = True
    for parameter in mappings(outputs.get("parameters")):
        if mapping(parameter.get("valueFrom")).get("path"):
            scope[f"outputs.parameters.{parameter.get('name')}.path"] = True
    return scope


def _metric_fault(prefix: str, metric: Mapping[str, Any]) -> str:
    name = str(metric.get("name") or "")
    if not _METRIC.fullmatch(name):
        rule = "Metric names must contain alphanumeric characters or '_'"
        return f"{prefix} metric name '{name}' is invalid. {rule}"
    for label in mappings(metric.get("labels")):
        if not _METRIC.fullmatch(str(label.get("key") or "")):
            rule = "keys may only contain alphanumeric characters or '_'"
            return f"metric label '{label.get('key')}' is invalid: {rule}"
    if not metric.get("help"):
        return f"{prefix} metric '{name}' must contain a help string under 'help: ' field"
    for kind in ("gauge", "counter", "histogram"):
        if kind in metric and not mapping(metric[kind]).get("value"):
            return f"{prefix} metric '{name}' error: missing {kind}.value"
    gauge = mapping(metric.get("gauge"))
    if gauge.get("realtime") and "resourcesDuration." in str(gauge.get("value")):
        return f"{prefix} metric '{name}' error: 'resourcesDuration.*' metrics cannot be used in real-time"
    return ""
