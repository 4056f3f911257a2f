"""What became of a run, here or on a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argolane.workflow.run.told import told

METRIC = "metric"


@dataclass(frozen=True)
class Run:
    """`status` is Argo's `.status`; `folder` is the record of a run that was followed from here.

    `changed` are the parameters whose values are not the workflow's own; `namespace` is the cluster's, and
    None for a run of this machine. `values` are all parameters that the run had.
    """

    name: str
    phase: str
    message: str = ""
    status: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    changed: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    workflow: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def metric(self) -> str:
        """The output parameter `metric` of the node that ended last, as `accuracy=0.97`; '' without one."""
        found = [(str(node.get("finishedAt") or ""), value) for node, value in told(self.status, METRIC)]
        return max(found, default=("", ""), key=lambda each: each[0])[1]

    def to_dict(self) -> dict[str, Any]:
        """As JSON lists it: all but the nodes."""
        status = {key: value for key, value in self.status.items() if key != "nodes"}
        return {
            "name": self.name,
            **status,
            "phase": self.phase,
            "message": self.message,
            "parameters": dict(self.changed),
            "metric": self.metric,
        }


def values_of(spec: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a Workflow's spec, with their values."""
    listed = (spec.get("arguments") or {}).get("parameters") or []
    return {str(parameter["name"]): str(parameter.get("value", "")) for parameter in listed}


def workflow_of(name: str, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """The name that a run was started by: that of the template, or generateName without its dash."""
    referred = (spec.get("workflowTemplateRef") or {}).get("name")
    return str(referred or str(metadata.get("generateName") or "").rstrip("-") or name)
