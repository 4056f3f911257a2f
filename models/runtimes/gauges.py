"""A class with `gauges()` in, what Prometheus is told of it out, by whichever server it has.

Our server asks for gauges when Prometheus asks for metrics. Seldon's asks `metrics()` after each call of the
class: there they are told when the pod's probe asks how it is, every few seconds, and at no other time.
"""

import json
import logging
import os
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

from models.contract.store import OBSERVATIONS, TESTED

TEST = "argolane_test_"  # how the names of a test's gauges begin

log = logging.getLogger(__name__)


class Gauged:
    """`gauges()` are those of a subclass: `[{"type": "GAUGE", "key", "value", "tags"}]`."""

    def gauges(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def health_status(self) -> str:
        self._asked.health = True
        return "healthy"

    def metrics(self) -> list[dict[str, Any]]:
        return self.gauges() if self._asked.__dict__.pop("health", False) else []

    @cached_property
    def _asked(self) -> threading.local:
        return threading.local()


def tested(store: Path) -> list[dict[str, Any]]:
    """What the last A/B test of this deployment came to, which its task `compare` has left in the store.

    Every arm of it tells the same. Environment: SELDON_DEPLOYMENT_ID, by Seldon.
    """
    file = store / OBSERVATIONS / os.environ.get("SELDON_DEPLOYMENT_ID", "") / TESTED
    try:
        found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError) as error:
        log.warning("%s: cannot be read: %s", file, error)
        return []
    return found
