"""How a pod ended, as the record keeps it."""

import time
from collections.abc import Mapping
from typing import Any

# The kubelet's words at a pod's activeDeadlineSeconds.
PAST_DEADLINE = "Pod was active on the node longer than the specified deadline"


def result(
    phase: str, message: str = "", *, outputs: Mapping[str, Any] | None = None, began: float | None = None
) -> dict[str, Any]:
    """Ended now; `began` is missing for a pod that never started."""
    now = time.time()
    return {
        "phase": phase,
        "message": message,
        "outputs": outputs or None,
        "startedAt": now if began is None else began,
        "finishedAt": now,
    }
