"""What a class's `metrics()` gave in, Prometheus' text out: the wrapper's own metrics, kept in this process.

The wrapper keeps them in a process of its own, for its workers to share. Here is one worker: names, labels
and values are made by the same code.
"""

import os
import threading
from typing import Any

from seldon_core.metrics import SeldonMetrics


class Metrics(SeldonMetrics):
    def __init__(self) -> None:
        self._lock = threading.RLock()  # gRPC's threads and the loop's
        self.data: dict[int, Any] = {}
        self.worker_id_func = os.getpid
        self._extra_default_labels: dict[str, str] = {}

    def __del__(self) -> None:
        """There is no other process to end."""

    def update(self, custom_metrics: list[dict[str, Any]], method: str) -> None:
        if custom_metrics:
            with self._lock:
                super().update(custom_metrics, method)

    def replace(self, gauges: list[dict[str, Any]], method: str, *, begin: str) -> None:
        """Gauges in place of all before whose names begin so."""
        with self._lock:
            for told in self.data.values():
                for key in [key for key in told if key[1].startswith(begin)]:
                    del told[key]
            self.update(gauges, method)

    def collect(self) -> Any:
        with self._lock:
            return iter(list(super().collect()))
