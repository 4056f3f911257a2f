"""Lifecycle hooks in, their nodes out: exit hooks after a node, named ones when their expression holds."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argolane.workflow.local.reconciler.call import Call
from argolane.workflow.local.reconciler.errors import OperationError
from argolane.workflow.local.reconciler.flow.scope import Scope
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.run_state import RunState
from argolane.workflow.local.reconciler.template.evaluation import holds, replace
from argolane.workflow.local.reconciler.template.lookup import TemplateSource
from argolane.workflow.local.reconciler.template.types import calls


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


def holder_of(hook: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a hook that says which template it runs."""
    return {key: hook[key] for key in ("template", "templateRef") if hook.get(key)}


@dataclass(frozen=True)
class Hooks:
    """The hooks of one task or step; `prefix` is what its outputs are called in `scope`."""

    run: RunState
    holder: Mapping[str, Any]
    node: Node
    boundary_id: str
    base: TemplateSource
    prefix: str
    scope: Scope

    def exit_over(self) -> bool:
        """Start the exit hook of a node that is over; whether there is none or it is over as well."""
        hook = exit_hook(self.holder, self.run.spec.get("arguments"))
        if hook is None or self.run.stops(on_exit=True):
            return True
        if hook.get("expression") and not self._holds(hook):
            return True
        call = self._call("onExit", hook, self._arguments(hook.get("arguments")), on_exit=True)
        try:
            made = self.run.execute_call(self.run, call)
        finally:
            if self.run.nodes.named(call.name) is not None:
                self.run.nodes.link(self.node.name, call.name)
        return made is not None and made.fulfilled

    def named_over(self) -> bool:
        """Start the hooks whose expression holds; whether all that were started are over."""
        over = True
        for event, hook in (self.holder.get("hooks") or {}).items():
            if event == "exit":
                continue
            call = self._call(f"hooks.{event}", hook, hook.get("arguments"))
            _check_expression(call.name, hook)
            if not self._holds(hook) and self.run.nodes.named(call.name) is None:
                continue
            if call.arguments and self._outputs() is not None:
                call = dataclasses.replace(call, arguments=self._arguments(call.arguments))
            made = self.run.execute_call(self.run, call)
            self.run.nodes.link(self.node.name, call.name)
            over = over and made is not None and made.fulfilled
        return over

    def _holds(self, hook: Mapping[str, Any]) -> bool:
        return holds(str(hook["expression"]), self.scope.params(self.run.variables))

    def _call(
        self,
        suffix: str,
        hook: Mapping[str, Any],
        arguments: Mapping[str, Any] | None,
        *,
        on_exit: bool = False,
    ) -> Call:
        return Call(
            f"{self.node.name}.{suffix}", holder_of(hook), self.base, arguments,
            boundary_id=self.boundary_id, on_exit=on_exit, hooked=True,
        )  # fmt: skip

    def _outputs(self) -> Mapping[str, Any] | None:
        return (self.run.nodes.last_attempt(self.node) or self.node).outputs

    def _arguments(self, arguments: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if not arguments or not (arguments.get("parameters") or arguments.get("artifacts")):
            return dict(arguments) if arguments else None
        outputs, prefix, scope = self._outputs() or {}, f"{self.prefix}.outputs", self.scope
        for parameter in outputs.get("parameters") or ():
            scope.set(f"{prefix}.parameters.{parameter['name']}", str(parameter.get("value") or ""))
        for artifact in outputs.get("artifacts") or ():
            scope.values[f"{prefix}.artifacts.{artifact['name']}"] = artifact
        marked = scope.mark_absent(dict(arguments))
        filled = dict(replace(marked, scope.params(self.run.variables)))
        if filled.get("artifacts"):
            found = map(scope.argument_artifact, filled["artifacts"])
            filled["artifacts"] = [artifact for artifact in found if artifact is not None]
        return filled


def workflow_over(run: RunState, base: TemplateSource) -> bool:
    """The workflow's own named hooks; whether all that were started are over."""
    over = True
    for event, hook in (run.spec.get("hooks") or {}).items():
        if event == "exit":
            continue
        name = f"{run.name}.hooks.{event}"
        _check_expression(name, hook)
        if holds(str(hook["expression"]), run.variables) or run.nodes.named(name) is not None:
            call = Call(name, holder_of(hook), base, hook.get("arguments"), hooked=True)
            made = run.execute_call(run, call)
            run.nodes.link(run.name, name)
            over = over and made is not None and made.fulfilled
    return over


def anywhere(run: RunState) -> bool:
    """Whether the workflow, a step or a task has hooks: then the start of a pod may make one run."""
    return bool(run.spec.get("hooks")) or any(map(_holds_hooks, run.templates))


def _holds_hooks(template: Mapping[str, Any]) -> bool:
    return any(
        holder.get("hooks") or (holder.get("inline") and _holds_hooks(holder["inline"]))
        for _, holder in calls(template)
    )


def _check_expression(name: str, hook: Mapping[str, Any]) -> None:
    if not hook.get("expression"):
        raise OperationError(f"Expression required for hook {name}")
