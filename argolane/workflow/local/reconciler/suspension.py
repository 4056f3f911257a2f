"""A call of a suspend template in, its node out: over when its time is, or when somebody resumes it."""

from collections.abc import Mapping
from typing import Any

from argolane.languages.values import parse_duration
from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState


def execute_suspend(run: RunState, call: Call, template: Mapping[str, Any]) -> Node:
    """The node; its supplied outputs are what the answer says, or their defaults."""
    node = run.nodes.named(call.name)
    if node is None:
        node = run.factory.initialize(call, "Suspend", "Pending", template=template)
        supplied = _supplied(template)
        if supplied:
            node.outputs = {"parameters": supplied}
    answer = run.ports.answers(node)
    if answer is not None:
        return _answered(run, node, answer)
    duration = template["suspend"].get("duration")
    if duration not in (None, ""):
        try:
            over = (node.started_at or run.ports.now()) + parse_duration(str(duration))
        except ValueError as error:
            raise OperationError(str(error)) from None
        if run.ports.now() >= over:
            _fill_defaults(node)
            return run.nodes.mark(node, "Succeeded")
        run.this_pass.wake(over)
    return run.nodes.mark(node, "Running")


def _answered(run: RunState, node: Node, answer: Mapping[str, Any]) -> Node:
    given = answer.get("parameters") or {}
    for parameter in (node.outputs or {}).get("parameters") or ():
        if parameter["name"] in given:
            parameter["value"] = given[parameter["name"]]
            parameter.pop("valueFrom", None)
    if answer.get("phase") == "Failed":
        return run.nodes.mark(node, "Failed", str(answer.get("message") or ""))
    _fill_defaults(node)
    run.export(node.outputs)
    return run.nodes.mark(node, "Succeeded", str(answer.get("message") or ""))


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
