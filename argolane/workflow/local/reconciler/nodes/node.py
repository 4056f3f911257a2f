"""One node of a run, as Argo keeps it under `.status.nodes`."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

COMPLETED = frozenset({"Succeeded", "Failed", "Error"})
FULFILLED = COMPLETED | {"Skipped", "Omitted"}
UNSUCCESSFUL = frozenset({"Failed", "Error"})


@dataclass(slots=True)
class Node:
    """One node; times are seconds since the epoch, inputs and outputs have Argo's shape."""

    id: str
    name: str
    display_name: str
    type: str
    template_name: str
    phase: str
    boundary_id: str = ""
    template_scope: str = ""
    template_ref: dict[str, Any] | None = None
    message: str = ""
    started_at: float | None = None
    finished_at: float | None = None
    children: list[str] = field(default_factory=list)
    outbound: list[str] = field(default_factory=list)
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    hooked: bool = False
    retried: bool = False
    memoization: dict[str, Any] | None = None
    waiting_for: str = ""
    final: bool = False
    daemoned: bool = False
    pod_ip: str = ""

    @property
    def over(self) -> bool:
        return self.phase in FULFILLED

    @property
    def fulfilled(self) -> bool:
        """Whether what waits for it may go on: it is over, or a daemon that is up."""
        return self.over or (self.daemoned and self.phase != "Pending")

    @property
    def completed(self) -> bool:
        return self.phase in COMPLETED

    @property
    def unsuccessful(self) -> bool:
        return self.phase in UNSUCCESSFUL

    @property
    def suspended(self) -> bool:
        return self.type == "Suspend" and self.phase == "Running"

    @property
    def recalled(self) -> bool:
        """Whether its outputs are remembered ones."""
        return bool(self.memoization and self.memoization.get("hit"))

    def to_dict(self) -> dict[str, Any]:
        """The node as Argo would write it."""
        plain: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "displayName": self.display_name,
            "type": self.type,
            "phase": self.phase,
        }
        optional = {
            "templateName": self.template_name,
            "templateRef": self.template_ref,
            "templateScope": self.template_scope,
            "boundaryID": self.boundary_id,
            "message": self.message,
            "startedAt": stamp(self.started_at),
            "finishedAt": stamp(self.finished_at),
            "children": self.children,
            "outboundNodes": self.outbound,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "memoizationStatus": self.memoization,
            "podIP": self.pod_ip,
            "daemoned": self.daemoned,
        }
        plain.update((key, value) for key, value in optional.items() if value)
        flags = {"hooked": self.hooked, "retried": self.retried}
        if any(flags.values()):
            plain["nodeFlag"] = {key: True for key, value in flags.items() if value}
        if self.waiting_for:
            plain["synchronizationStatus"] = {"waiting": self.waiting_for}
        return plain


def stamp(seconds: float | None) -> str | None:
    """`2026-01-02T03:04:05.678Z`."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
