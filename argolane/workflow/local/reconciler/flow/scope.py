"""What a task or step may read: outputs and statuses of what ran before, inputs of its template.

A value is text, an artifact, or None for an output that a skipped node never set.
"""

from collections.abc import Mapping
from typing import Any

from argolane.kubernetes.times import rfc3339
from argolane.workflow.local.reconciler.errors import OperationError, Unresolved
from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.template.evaluation import evaluate, replace

ABSENT = "\0argolane:absent-optional\0"


class Scope:
    """Names to values within one DAG or Steps template."""

    def __init__(self, template: Mapping[str, Any] | None = None) -> None:
        self.values: dict[str, Any] = {}
        inputs = (template or {}).get("inputs") or {}
        for parameter in inputs.get("parameters") or ():
            self.values[f"inputs.parameters.{parameter['name']}"] = parameter.get("value", "")
        for artifact in inputs.get("artifacts") or ():
            self.values[f"inputs.artifacts.{artifact['name']}"] = artifact

    def params(self, globals_: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Texts and absent outputs over the globals; artifacts are left out."""
        params: dict[str, Any] = dict(globals_ or {})
        for key, value in self.values.items():
            if value is None or isinstance(value, str):
                params[key] = value
        return params

    def set(self, key: str, value: str | None) -> None:
        self.values[key] = value

    def add_node(self, prefix: str, node: Node, attempt: Node | None) -> None:
        """A node's id, times, status and outputs; of a retried one, those of its last attempt."""
        node = attempt or node
        self.set(f"{prefix}.id", node.id)
        if node.started_at is not None:
            self.set(f"{prefix}.startedAt", rfc3339(node.started_at))
        if node.finished_at is not None:
            self.set(f"{prefix}.finishedAt", rfc3339(node.finished_at))
        if node.pod_ip:
            self.set(f"{prefix}.ip", node.pod_ip)
        self.set(f"{prefix}.status", node.phase)
        if node.type == "Pod" and node.started_at is not None:
            self.set(f"{prefix}.hostNodeName", "localhost")
        self.add_outputs(prefix, node.outputs)

    def add_outputs(self, prefix: str, outputs: Mapping[str, Any] | None) -> None:
        if not outputs:
            return
        if prefix != "workflow":
            if outputs.get("result") is not None:
                self.set(f"{prefix}.outputs.result", outputs["result"])
            if outputs.get("exitCode") is not None:
                self.set(f"{prefix}.exitCode", outputs["exitCode"])
        for parameter in outputs.get("parameters") or ():
            if parameter.get("value") is not None:
                self.set(f"{prefix}.outputs.parameters.{parameter['name']}", parameter["value"])
        for artifact in outputs.get("artifacts") or ():
            self.values[f"{prefix}.outputs.artifacts.{artifact['name']}"] = artifact

    def add_skipped(self, prefix: str, template: Mapping[str, Any], *, artifacts: bool) -> None:
        """The declared outputs of a node that was skipped: their defaults, or absent."""
        outputs = template.get("outputs") or {}
        for parameter in outputs.get("parameters") or ():
            default = (parameter.get("valueFrom") or {}).get("default")
            self.set(f"{prefix}.outputs.parameters.{parameter['name']}", default)
        for artifact in (outputs.get("artifacts") or ()) if artifacts else ():
            self.values[f"{prefix}.outputs.artifacts.{artifact['name']}"] = {}

    def mark_absent(self, arguments: dict[str, Any] | None) -> dict[str, Any] | None:
        """Arguments that are nothing but a reference to an absent output, marked as not given."""
        if not arguments or not arguments.get("parameters"):
            return arguments
        marked = [
            {**p, "value": ABSENT} if self._is_absent(p.get("value")) else p for p in arguments["parameters"]
        ]
        return {**arguments, "parameters": marked}

    def _is_absent(self, value: object) -> bool:
        if not isinstance(value, str) or not (value.startswith("{{") and value.endswith("}}")):
            return False
        key = value[2:-2].strip()
        return key in self.values and self.values[key] is None

    def resolve(self, reference: str) -> Any:
        """The value that `{{name}}` or `{{=expression}}` stands for."""
        tag = reference.removeprefix("{{").removesuffix("}}").strip()
        if tag.startswith("="):
            value = evaluate(tag[1:], self.values)
            if value is None:
                raise Unresolved(tag)
            return value
        if tag not in self.values:
            raise Unresolved(tag)
        return self.values[tag]

    def argument_artifact(self, artifact: dict[str, Any]) -> dict[str, Any] | None:
        """An argument with what it names looked up; None for an optional one that is not there."""
        if not artifact.get("from") and not artifact.get("fromExpression"):
            return artifact
        try:
            return self.resolve_artifact(artifact)
        except OperationError as error:
            if artifact.get("optional"):
                return None
            raise OperationError(f"unable to resolve references: {error}") from None

    def resolve_artifact(self, artifact: Mapping[str, Any]) -> dict[str, Any] | None:
        """The artifact that `from` or `fromExpression` names, with its subPath; None if it names none."""
        if artifact.get("fromExpression"):
            found = evaluate(artifact["fromExpression"], self.values)
        elif artifact.get("from"):
            found = self.resolve(artifact["from"])
        else:
            return None
        if not isinstance(found, dict):
            raise OperationError(f"Variable {{{{{artifact.get('from')}}}}} is not an artifact")
        resolved = {**found, "name": artifact["name"]}
        if artifact.get("subPath"):
            resolved["subPath"] = "/".join(
                part
                for part in (resolved.get("subPath"), replace(artifact["subPath"], self.params()))
                if part
            )
        return resolved
