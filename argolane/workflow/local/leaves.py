"""Templates that hold no others: a pod to start, or a suspension to wait out."""

import json
import re
from collections.abc import Mapping
from typing import Any

from argolane.workflow.local.errors import OperationError
from argolane.workflow.local.nodes import Node
from argolane.workflow.local.operation import Operation, Options, PodOrder
from argolane.workflow.local.substitution import replace
from argolane.workflow.local.templates import Base, type_of
from argolane.workflow.local.values import go_duration, int_or_string, parse_duration

_PLAIN = re.compile(r"\b(tasks|steps)\.([-\w]+)\.outputs\.result")
_BRACKETS = re.compile(r"\b(tasks|steps)\['([-\w]+)'\]\.outputs.result")


def node_type(template: Mapping[str, Any]) -> str:
    if template.get("retryStrategy") is not None:
        return "Retry"
    return {"steps": "Steps", "dag": "DAG", "suspend": "Suspend"}.get(type_of(template), "Pod")


def pod(
    op: Operation,
    name: str,
    holder: Mapping[str, Any],
    base: Base,
    template: Mapping[str, Any],
    options: Options,
) -> Node | None:
    """The node of a pod; the pod is started if it was not yet."""
    node = op.nodes.named(name)
    if node is None:
        node = op.initialize(name, "Pod", holder, base, "Pending", options, template=template)
    if op.ports.pod_exists(node.id) or node.fulfilled:
        return node
    if op.stops(on_exit=options.on_exit):
        return op.mark(node, "Failed", f"workflow shutdown with strategy: {op.shutdown}")
    if op.deadline_passed and not options.on_exit:
        return node
    order = PodOrder(
        node_id=node.id,
        node_name=name,
        template=template,
        keep_result=_is_read(op, name, options.boundary_id),
        on_exit=options.on_exit,
        deadline=options.deadline,
        active_seconds=_active_seconds(op, node, template),
        volumes=_volumes(op, template),
    )
    op.active_pods += 1
    op.ports.start_pod(order)
    return node


def _active_seconds(op: Operation, node: Node, template: Mapping[str, Any]) -> float | None:
    try:
        limit = int_or_string(template.get("activeDeadlineSeconds"))
    except ValueError as error:
        raise OperationError(str(error)) from None
    if template.get("timeout") and node.started_at is not None:
        try:
            left = int(node.started_at + go_duration(str(template["timeout"])) - op.ports.now())
        except ValueError as error:
            raise OperationError(f"invalid timeout format. {error}") from None
        if left + 1 <= 1:
            raise OperationError(f"{node.name} exceeded its deadline")
        limit = left + 1 if limit is None else min(limit, left + 1)
    return limit


def _volumes(op: Operation, template: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The volumes that the pod mounts; OperationError for one that nobody declared."""
    claims = [
        {"name": claim["metadata"]["name"], "claimTemplate": claim}
        for claim in op.spec.get("volumeClaimTemplates") or ()
    ]
    declared: dict[str, Mapping[str, Any]] = {}
    for volume in [*(template.get("volumes") or ()), *op.volumes, *claims]:
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
    return tuple(replace(list(found.values()), op.globals)) if found else ()


def _is_read(op: Operation, name: str, boundary_id: str) -> bool:
    """Whether the template around a node reads its outputs.result: only then is it kept."""
    source = op.boundary_template(boundary_id) if boundary_id else None
    if source is None:
        return False
    known = op.referenced.get(id(source))
    if known is None or known[0] is not source:
        text = json.dumps(source, ensure_ascii=False)
        root = "tasks" if source.get("dag") is not None else "steps"
        names = {n for pattern in (_PLAIN, _BRACKETS) for r, n in pattern.findall(text) if r == root}
        known = op.referenced[id(source)] = (source, frozenset(names))
    return task_name(name) in known[1]


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


def suspend(
    op: Operation,
    name: str,
    holder: Mapping[str, Any],
    base: Base,
    template: Mapping[str, Any],
    options: Options,
) -> Node:
    """The node of a suspension: over when its duration is, or when somebody resumes it."""
    node = op.nodes.named(name)
    if node is None:
        node = op.initialize(name, "Suspend", holder, base, "Pending", options, template=template)
        supplied = _supplied(template)
        if supplied:
            node.outputs = {"parameters": supplied}
    answer = op.ports.answers(node)
    if answer is not None:
        return _answered(op, node, answer)
    duration = template["suspend"].get("duration")
    if duration not in (None, ""):
        try:
            over = (node.started_at or op.ports.now()) + parse_duration(str(duration))
        except ValueError as error:
            raise OperationError(str(error)) from None
        if op.ports.now() >= over:
            _fill_defaults(node)
            return op.mark(node, "Succeeded")
        op.wake(over)
    return op.mark(node, "Running")


def _answered(op: Operation, node: Node, answer: Mapping[str, Any]) -> Node:
    given = answer.get("parameters") or {}
    for parameter in (node.outputs or {}).get("parameters") or ():
        if parameter["name"] in given:
            parameter["value"] = given[parameter["name"]]
            parameter.pop("valueFrom", None)
    if answer.get("phase") == "Failed":
        return op.mark(node, "Failed", str(answer.get("message") or ""))
    _fill_defaults(node)
    op.export(node.outputs)
    return op.mark(node, "Succeeded", str(answer.get("message") or ""))


def _supplied(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    defaults = {
        p["name"]: p["default"]
        for p in (template.get("inputs") or {}).get("parameters") or ()
        if p.get("default") is not None
    }
    supplied = []
    for parameter in (template.get("outputs") or {}).get("parameters") or ():
        source = parameter.get("valueFrom") or {}
        if source.get("supplied") is not None:
            if source.get("default") is None and parameter["name"] in defaults:
                source = {**source, "default": defaults[parameter["name"]]}
            supplied.append({**parameter, "valueFrom": source})
    return supplied


def _fill_defaults(node: Node) -> None:
    for parameter in (node.outputs or {}).get("parameters") or ():
        source = parameter.get("valueFrom") or {}
        if source.get("supplied") is not None:
            if source.get("default") is None:
                raise OperationError(
                    f"raw output parameter '{parameter['name']}' has not been set "
                    "and does not have a default value"
                )
            parameter["value"] = source["default"]
            parameter.pop("valueFrom", None)
