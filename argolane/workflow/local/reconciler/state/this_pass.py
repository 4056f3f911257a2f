"""What one pass over a run's templates counts and finds out; the next one begins anew."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Pass:
    """`wake_at`: when the next pass is due at the latest. `waits`: nodes that wait for a value, and why.

    `volumes` are the workflow's, with what steps have said so far filled in.
    """

    volumes: list[dict[str, Any]] = field(default_factory=list)
    depth: int = 0
    active_pods: int = 0
    wake_at: float | None = None
    waits: dict[str, str] = field(default_factory=dict)

    def wake(self, at: float) -> None:
        """Ask for another pass at a time, at the latest."""
        self.wake_at = at if self.wake_at is None else min(at, self.wake_at)
