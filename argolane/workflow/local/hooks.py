"""Lifecycle hooks in, their nodes out: exit hooks after a node, named ones when their expression holds."""

from collections.abc import Mapping
from typing import Any

from argolane.workflow.local import execution
from argolane.workflow.local.errors import OperationError
from argolane.workflow.local.nodes import Node
from argolane.workflow.local.operation import Operation, Options
from argolane.workflow.local.scope import Scope
from argolane.workflow.local.substitution import holds, replace
from argolane.workflow.local.templates import Base


def exit_hook(
    holder: Mapping[str, Any], workflow_arguments: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """What to run when a task, step or workflow is over: `onExit`, or `hooks.exit`."""
    if holder.get("onExit"):
        return {"template": holder["onExit"], "arguments": workflow_arguments}
    hook = (holder.get("hooks") or {}).get("exit")
    if hook is None:
        return None
    return {**hook, "arguments": hook.get("arguments") or workflow_arguments}


def run_exit(
    op: Operation,
    holder: Mapping[str, Any],
    node: Node,
    boundary_id: str,
    base: Base,
    prefix: str,
    scope: Scope,
) -> tuple[bool, Node | None]:
    """(whether there is an exit node, the node)."""
    hook = exit_hook(holder, op.spec.get("arguments"))
    if hook is None or op.stops(on_exit=True):
        return False, None
    if hook.get("expression") and not holds(str(hook["expression"]), scope.params(op.globals)):
        return False, None
    name = f"{node.name}.onExit"
    arguments = _arguments(op, hook.get("arguments"), node, prefix, scope)
    options = Options(boundary_id=boundary_id, on_exit=True, hooked=True)
    try:
        made = execution.execute(op, name, _holder(hook), base, arguments, options)
    finally:
        if op.nodes.named(name) is not None:
            op.nodes.link(node.name, name)
    return True, made


def run_named(
    op: Operation,
    hooks: Mapping[str, Any] | None,
    node: Node,
    boundary_id: str,
    base: Base,
    prefix: str,
    scope: Scope,
) -> bool:
    """Start the hooks whose expression holds; whether all that were started are over."""
    started = []
    for event, hook in (hooks or {}).items():
        if event == "exit":
            continue
        name = f"{node.name}.hooks.{event}"
        if not hook.get("expression"):
            raise OperationError(f"Expression required for hook {name}")
        runs = holds(str(hook["expression"]), scope.params(op.globals))
        if not runs and op.nodes.named(name) is None:
            continue
        arguments = hook.get("arguments")
        if arguments and (_outputs(op, node) is not None):
            arguments = _arguments(op, arguments, node, prefix, scope)
        options = Options(boundary_id=boundary_id, hooked=True)
        made = execution.execute(op, name, _holder(hook), base, arguments, options)
        op.nodes.link(node.name, name)
        started.append(made)
    return all(made is not None and made.fulfilled for made in started)


def run_of_workflow(op: Operation, base: Base) -> bool:
    """The workflow's own named hooks; whether all that were started are over."""
    started = []
    for event, hook in (op.spec.get("hooks") or {}).items():
        if event == "exit":
            continue
        name = f"{op.name}.hooks.{event}"
        if not hook.get("expression"):
            raise OperationError(f"Expression required for hook {name}")
        if holds(str(hook["expression"]), op.globals) or op.nodes.named(name) is not None:
            made = execution.execute(
                op, name, _holder(hook), base, hook.get("arguments"), Options(hooked=True)
            )
            op.nodes.link(op.name, name)
            started.append(made)
    return all(made is not None and made.fulfilled for made in started)


def _holder(hook: Mapping[str, Any]) -> dict[str, Any]:
    return {key: hook[key] for key in ("template", "templateRef") if hook.get(key)}


def _outputs(op: Operation, node: Node) -> Mapping[str, Any] | None:
    return (op.last_attempt(node) or node).outputs


def _arguments(
    op: Operation, arguments: Mapping[str, Any] | None, node: Node, prefix: str, scope: Scope
) -> dict[str, Any] | None:
    if not arguments or not (arguments.get("parameters") or arguments.get("artifacts")):
        return dict(arguments) if arguments else None
    outputs = _outputs(op, node) or {}
    for parameter in outputs.get("parameters") or ():
        scope.set(f"{prefix}.outputs.parameters.{parameter['name']}", str(parameter.get("value") or ""))
    for artifact in outputs.get("artifacts") or ():
        scope.values[f"{prefix}.outputs.artifacts.{artifact['name']}"] = artifact
    marked = scope.mark_absent(dict(arguments))
    filled = dict(replace(marked, scope.params(op.globals)))
    if filled.get("artifacts"):
        filled["artifacts"] = [a for a in map(scope.argument_artifact, filled["artifacts"]) if a is not None]
    return filled
