"""A pod's requests in, whether this machine has room for it now out."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from argolane.kubernetes.quantities import amount

MOST_PODS = 32
_ROUNDING = 1e-9


class Capacity:
    """What is left of the machine. A pod that asks for more than there is runs alone."""

    def __init__(self) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        self._cores = float(cores or 1)
        self._memory = _machine_memory()
        self._most = max(MOST_PODS, 4 * int(self._cores))
        self._running: dict[str, tuple[float, float]] = {}
        self._used = (0.0, 0.0)

    @property
    def full(self) -> bool:
        return len(self._running) >= self._most

    def take(self, node_id: str, template: Mapping[str, Any]) -> bool:
        """Whether the pod may start now."""
        cpu, memory = requested(template)
        cpu, memory = min(cpu, self._cores), min(memory, self._memory)
        fits = self._used[0] + cpu <= self._cores + _ROUNDING and self._used[1] + memory <= self._memory
        if self.full or not fits:
            return False
        self._running[node_id] = (cpu, memory)
        self._used = (self._used[0] + cpu, self._used[1] + memory)
        return True

    def give_back(self, node_id: str) -> None:
        cpu, memory = self._running.pop(node_id, (0.0, 0.0))
        self._used = (self._used[0] - cpu, self._used[1] - memory) if self._running else (0.0, 0.0)


def requested(template: Mapping[str, Any]) -> tuple[float, float]:
    """Cores and bytes that the pod's containers request together."""
    containers: Iterable[Mapping[str, Any]] = [
        template.get("container") or template.get("script") or {},
        *(template.get("sidecars") or ()),
    ]
    cpu = memory = 0.0
    for container in containers:
        requests = (container.get("resources") or {}).get("requests") or {}
        cpu += float(amount(requests.get("cpu")) or 0)
        memory += float(amount(requests.get("memory")) or 0)
    return cpu, memory


def _machine_memory() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError):
        return float("inf")
