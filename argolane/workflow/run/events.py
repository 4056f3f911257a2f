"""What an observer of a run is told: nodes that changed, and what containers print."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class NodeChanged:
    """A node was made or changed; `node` has the shape of Argo's status.nodes entries."""

    path: str
    node: dict[str, Any]


@dataclass(frozen=True)
class Printed:
    """A piece of a container's output, as it came: it may end in the middle of a line or of a character."""

    path: str
    container: str
    stream: Literal["stdout", "stderr"]
    data: bytes


@dataclass(frozen=True)
class RunChanged:
    """The workflow itself started, waits, or ended."""

    phase: str
    message: str = ""


@dataclass(frozen=True)
class Said:
    """A line of the runner: an image being prepared, what a field of the manifest does not do here."""

    text: str


Event = NodeChanged | Printed | RunChanged | Said

# Called with each event as it happens, in the runner's thread.
Observer = Callable[[Event], None]
