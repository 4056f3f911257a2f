"""A call of a template that runs in a pod in, its node out, and the order for the pod once."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from argolane.kubernetes import podspec, podspecpatch
from argolane.languages.values import go_duration, int_or_string
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.nodes.naming import pod_name
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.ports import PodOrder
from argolane.workflow.local.reconciler.result_readers import is_read
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.evaluation import replace


def execute_pod(run: RunState, call: Call, template: Mapping[str, Any]) -> Node:
    """The node of a pod; the pod is started if it was not yet."""
    node = run.nodes.named(call.name)
    if node is None:
        kind = "HTTP" if template.get("http") is not None else "Pod"
        node = run.factory.initialize(call, kind, "Pending", template=template)
        _add_containers(run, call, node, template)
    if run.ports.pod_exists(node.id) or node.fulfilled:
        return node
    if run.stops(on_exit=call.on_exit):
        return run.nodes.mark(node, "Failed", f"workflow shutdown with strategy: {run.shutdown}")
    if run.deadline_passed and not call.on_exit:
        return node
    template = _patched(run, template)
    order = PodOrder(
        node_id=node.id,
        node_name=call.name,
        template=template,
        keep_result=is_read(run, call),
        on_exit=call.on_exit,
        deadline=call.deadline,
        active_seconds=_active_seconds(run, node, template),
        volumes=_volumes(run, template),
    )
    pod = pod_name(run.name, call.name, str(template.get("name") or ""))
    several = any(template.get(kind) is not None for kind in ("containerSet", "http", "data"))
    if not several and (refusal := podspec.refusal(pod, template)):
        raise OperationError(refusal)
    run.this_pass.active_pods += 1
    run.ports.start_pod(order)
    return node


def _add_containers(run: RunState, call: Call, node: Node, template: Mapping[str, Any]) -> None:
    """A node for each container of a containerSet, below that of its pod."""
    for container in (template.get("containerSet") or {}).get("containers") or ():
        name = f"{call.name}.{container['name']}"
        own = dataclasses.replace(call, name=name, boundary_id=node.id, hooked=False, retried=False)
        run.factory.initialize(own, "Container", "Pending")
        run.nodes.link(call.name, name)
        run.settled.containers.setdefault(node.id, []).append(name)


def _patched(run: RunState, template: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the workflow's securityContext where it has none, the workflow's podSpecPatch, then its own."""
    if run.spec.get("securityContext") and not template.get("securityContext"):
        template = {**template, "securityContext": run.spec["securityContext"]}
    patches = [run.spec.get("podSpecPatch"), template.get("podSpecPatch")]
    if not any(patches) or template.get("resource") is not None:
        return template
    try:
        texts = [str(replace(str(text), run.variables)) for text in patches if text]
        return podspecpatch.patched(template, texts)
    except podspecpatch.NoPatch as error:
        raise OperationError(str(error)) from None


def _active_seconds(run: RunState, node: Node, template: Mapping[str, Any]) -> float | None:
    try:
        limit = int_or_string(template.get("activeDeadlineSeconds"))
    except ValueError as error:
        raise OperationError(str(error)) from None
    if template.get("timeout") and node.started_at is not None:
        try:
            left = int(node.started_at + go_duration(str(template["timeout"])) - run.ports.now())
        except ValueError as error:
            raise OperationError(f"invalid timeout format. {error}") from None
        if left + 1 <= 1:
            raise OperationError(f"{node.name} exceeded its deadline")
        limit = left + 1 if limit is None else min(limit, left + 1)
    return limit


def _volumes(run: RunState, template: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The volumes that the pod mounts; OperationError for one that nobody declared."""
    claims = [
        {"name": claim["metadata"]["name"], "claimTemplate": claim}
        for claim in run.spec.get("volumeClaimTemplates") or ()
    ]
    declared: dict[str, Mapping[str, Any]] = {}
    for volume in [*(template.get("volumes") or ()), *run.this_pass.volumes, *claims]:
        declared.setdefault(str(volume["name"]), volume)
    whole = template.get("containerSet") or {}
    containers = [template.get("container") or {}, template.get("script") or {}, whole]
    containers += whole.get("containers") or ()
    containers += [*(template.get("initContainers") or ()), *(template.get("sidecars") or ())]
    found: dict[str, Mapping[str, Any]] = {}
    for container in containers:
        for mount in container.get("volumeMounts") or ():
            name = str(mount["name"])
            if name not in declared:
                raise OperationError(f"volume '{name}' not found in workflow spec")
            found[name] = declared[name]
    return tuple(replace(list(found.values()), run.variables)) if found else ()
