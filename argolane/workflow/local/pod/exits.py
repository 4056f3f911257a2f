"""Exit codes of a pod's containers in, the pod's phase and message out.

A code is read where an end is waited for (streams.Watch.until); containers.py keeps it as an `Exit`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argolane.containers.process import Reason
from argolane.workflow.local.reconciler.ports import PodResult

NO_PROGRAM = 64  # of Argo's executor, which starts what a container names
_ENDED_BY_US = (137, 143)


@dataclass(frozen=True)
class Exit:
    """A container's exit code and what its end has to say; `kind` is the kubelet's word for it."""

    name: str
    code: int
    reason: str = ""
    kind: Reason = "Error"

    @property
    def message(self) -> str:
        text = f"{self.name}: {self.kind} (exit code {self.code})"
        return f"{text}: {self.reason}" if self.reason else text


def main_of(exits: Sequence[Exit]) -> Exit:
    return next(each for each in exits if each.name == "main")


def judged(exits: Sequence[Exit], problem: str = "") -> tuple[str, str]:
    """Phase and message of a pod whose main is over; `problem` is what hindered the saving of its outputs."""
    main = main_of(exits)
    if main.code:
        return "Failed", main.message
    if problem:
        return "Error", f"wait: Error (exit code {NO_PROGRAM}): {problem}"
    failed = (each for each in exits if each.code and each.code not in _ENDED_BY_US)
    first = next(failed, None)
    return ("Failed", first.message) if first else ("Succeeded", "")


def over(
    phase: str,
    message: str = "",
    *,
    outputs: Mapping[str, Any] | None = None,
    began: float | None = None,
    final: bool = False,
    prepared: float = 0.0,
) -> PodResult:
    """A pod's result now; `began` is missing for one that never started."""
    now = time.time()
    started = now if began is None else began
    return PodResult(phase, message, outputs or None, started, now, final, prepared)
