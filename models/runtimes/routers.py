"""Parameters of a graph and feedback in, what every unit that routes shares out.

The classes are plain: `route(X, names, meta)` answers the number of a child, `send_feedback` takes a reward.
"""

import logging
import os
import sys
from functools import cached_property
from typing import Any

log = logging.getLogger("argolane.router")
FORM = '{"data": {"ndarray": [[...]]}}'


class Router:
    """What decides for each request to which of its `arms` it goes."""

    arms: list[str]
    form = FORM

    def load(self) -> None:
        """What it has to say shows in the container's log."""
        if not log.handlers:
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(logging.Formatter("%(message)s"))
            log.addHandler(handler)
            log.setLevel(logging.INFO)

    @property
    def node(self) -> str:
        return os.environ.get("PREDICTIVE_UNIT_ID") or "router"

    def routed(self, routing: object) -> int | None:
        """The arm that a feedback is of; None, and a line in the log, where it tells of none."""
        if isinstance(routing, int) and not isinstance(routing, bool) and 0 <= routing < len(self.arms):
            return routing
        log.warning(
            "%s: feedback with routing %s is ignored; expected 0 to %d, as meta.routing of the answer tells.",
            self.node, routing, len(self.arms) - 1,
        )  # fmt: skip
        return None

    @cached_property
    def model_error_handler(self) -> Any:
        """The hook by which Seldon's wrapper lets a class answer errors."""
        from models.runtimes import seldon

        return seldon.error_handler(lambda: self.form)


def named_arms(text: str) -> list[str]:
    """`sk:0.1, tf:0.1` -> their names. Raises RuntimeError."""
    arms = [name.strip() for name in str(text).split(",")]
    if not all(arms) or len(set(arms)) != len(arms):
        raise RuntimeError(f"arms is {text!r}; expected different names of the children, in order: a,b.")
    return arms
