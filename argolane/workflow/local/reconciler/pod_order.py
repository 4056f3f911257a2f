"""A call of a template that runs in a pod in, its node out, and the order for the pod once."""

import json
import re
from collections.abc import Mapping
from typing import Any

from argolane.kubernetes import podspec
from argolane.languages.values import go_duration, int_or_string
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.nodes.naming import pod_name
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.ports import PodOrder
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.evaluation import replace

_PLAIN = re.compile(r"\b(tasks|steps)\.([-\w]+)\.outputs\.result")
_BRACKETS = re.compile(r"\b(tasks|steps)\['([-\w]+)'\]\.outputs.result")


def execute_pod(run: RunState, call: Call, template: Mapping[str, Any]) -> Node:
    """The node of a pod; the pod is started if it was not yet."""
    node = run.nodes.named(call.name)
    if node is None:
        node = run.factory.initialize(call, "Pod", "Pending", template=template)
    if run.ports.pod_exists(node.id) or node.fulfilled:
        return node
    if run.stops(on_exit=call.on_exit):
        return run.nodes.mark(node, "Failed", f"workflow shutdown with strategy: {run.shutdown}")
    if run.deadline_passed and not call.on_exit:
        return node
    order = PodOrder(
        node_id=node.id,
        node_name=call.name,
        template=template,
        keep_result=_is_read(run, call),
        on_exit=call.on_exit,
        deadline=call.deadline,
        active_seconds=_active_seconds(run, node, template),
        volumes=_volumes(run, template),
    )
    if refusal := podspec.refusal(pod_name(run.name, call.name, str(template.get("name") or "")), template):
        raise OperationError(refusal)
    run.this_pass.active_pods += 1
    run.ports.start_pod(order)
    return node


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
    containers = [template.get("container") or {}, template.get("script") or {}]
    containers += [*(template.get("initContainers") or ()), *(template.get("sidecars") or ())]
    found: dict[str, Mapping[str, Any]] = {}
    for container in containers:
        for mount in container.get("volumeMounts") or ():
            name = str(mount["name"])
            if name not in declared:
                raise OperationError(f"volume '{name}' not found in workflow spec")
            found[name] = declared[name]
    return tuple(replace(list(found.values()), run.variables)) if found else ()


def _is_read(run: RunState, call: Call) -> bool:
    """Whether the template around a node reads its outputs.result: only then is it kept."""
    source = run.settled.template_of(call.boundary_id) if call.boundary_id else None
    if source is None:
        return False
    return task_name(call.name) in run.cache.results_read(source, _results_read)


def _results_read(template: Mapping[str, Any]) -> frozenset[str]:
    text = json.dumps(template, ensure_ascii=False)
    root = "tasks" if template.get("dag") is not None else "steps"
    names = {n for pattern in (_PLAIN, _BRACKETS) for r, n in pattern.findall(text) if r == root}
    return frozenset(names)


def task_name(node_name: str) -> str:
    """`wf[0].fan(0:x)(1)` -> `fan`."""
    opener = ""
    for position in range(len(node_name) - 1, -1, -1):
        character = node_name[position]
        if opener:
            if character == opener:
                opener = ""
        elif character == ")":
            opener = "("
        elif character == "]":
            opener = "["
        else:
            node_name = node_name[: position + 1]
            break
    return node_name.rpartition(".")[2]
