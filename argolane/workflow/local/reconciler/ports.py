"""What the reconciler needs from outside: pods, locks, clocks and stored values, each behind a port.

A `PodOrder` goes out, a `PodResult` comes back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from argolane.workflow.local.reconciler.nodes.node import Node

ASK_FOR_LOCK = 0.2  # seconds until a lock that another has is asked for again


@dataclass(frozen=True)
class PodOrder:
    """A pod to start: everything that the template says is filled in."""

    node_id: str
    node_name: str
    template: Mapping[str, Any]
    keep_result: bool
    on_exit: bool
    deadline: float | None
    active_seconds: float | None = None
    volumes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class ContainerResult:
    """How one of a containerSet ended."""

    name: str
    phase: str
    message: str


@dataclass(frozen=True)
class PodResult:
    """How a pod ended: phase and outputs are Argo's, times are seconds since the epoch.

    `final`: another attempt would end the same, whatever the retryStrategy says, because this machine lacks
    what every one needs. `prepared`: seconds from its start until the environments of its images were there.
    """

    phase: str
    message: str
    outputs: Mapping[str, Any] | None
    started_at: float
    finished_at: float
    final: bool = False
    prepared: float = 0.0
    containers: tuple[ContainerResult, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As the record keeps it for a later runner."""
        return {
            "phase": self.phase,
            "message": self.message,
            "outputs": self.outputs,
            "startedAt": self.started_at,
            "finishedAt": self.finished_at,
            "final": self.final,
            "prepared": self.prepared,
            "containers": [vars(each) for each in self.containers],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "PodResult":
        keys = ("phase", "message", "outputs", "startedAt", "finishedAt", "final", "prepared")
        known = {"final": False, "prepared": 0.0, **plain}
        found = tuple(ContainerResult(**each) for each in plain.get("containers") or ())
        return replace(cls(*(known[key] for key in keys)), containers=found)


class Locks(Protocol):
    """Mutexes and semaphores shared by every run of the project."""

    def try_acquire(self, holder: str, synchronization: Mapping[str, Any]) -> tuple[bool, str, str]:
        """(acquired, the lock that is missing, the message while waiting)."""

    def release(self, holder: str) -> None: ...


class Memory(Protocol):
    """Memoized outputs."""

    def load(self, cache: str, key: str) -> Mapping[str, Any] | None: ...

    def save(self, cache: str, key: str, node_id: str, outputs: Mapping[str, Any] | None) -> None: ...


@dataclass
class Ports:
    """What the reconciler needs from outside."""

    now: Callable[[], float]
    start_pod: Callable[[PodOrder], None]
    pod_exists: Callable[[str], bool]
    config_map: Callable[[str, str], str]
    locks: Locks
    memory: Memory
    answers: Callable[[Node], Mapping[str, Any] | None] = lambda node: None
    replayed: Callable[[str], bool] = lambda node_id: False
    # A daemon that nobody needs any more.
    end_pod: Callable[[str], None] = lambda node_id: None
