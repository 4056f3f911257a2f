"""A model in, the wrapper's own Flask apps and functions out: imported when first one of them is to answer.

Importing them takes longer than everything else that a process does before it answers, and half its memory.
"""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any

from models.runtimes.server import wsgi
from models.runtimes.server.methods import PREDICT

RAISED, ANSWERED = "models.raised", "models.answered"


class Stock:
    """The wrapper around one model."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._lock = threading.RLock()
        self._apps: dict[str, Any] = {}

    @property
    def loaded(self) -> bool:
        return len(self._apps) > 1

    def load(self) -> None:
        """Import it; other threads go on, and wait only if they need it."""
        with self._lock:
            if self.loaded:
                return
            from seldon_core import wrapper

            rest = wrapper.get_rest_microservice(self._model, self.metrics)
            rest.before_request(_settle)
            self._apps = {"rest": rest, "metrics": wrapper.get_metrics_microservice(self.metrics)}

    @cached_property
    def metrics(self) -> Any:
        """Where what a class counts is added up."""
        from models.runtimes.server.metrics import Metrics

        with self._lock:
            return self.__dict__.get("metrics") or Metrics()

    def function(self, role: str) -> Callable[[Any], Any]:
        """The wrapper's own function for messages of one kind."""
        from seldon_core import seldon_methods

        found = getattr(seldon_methods, role)
        return lambda message: found(self._model, message, self.metrics)

    def answer(self, app: str, scope: Any, body: bytes, **more: Any) -> tuple[int, wsgi.Headers, bytes]:
        """What an app answers, `rest` or `metrics`; `more`: what has been raised or given already."""
        self.load()
        return wsgi.answer(self._apps[app], scope, body, **more)


def _settle() -> Any:
    """Before Flask calls a method: what was called already gave or raised is what is answered."""
    from flask import jsonify, request

    raised = request.environ.get(RAISED)
    if raised is not None:
        raise raised
    if ANSWERED not in request.environ:
        return None
    (found,) = request.environ[ANSWERED]
    response = jsonify(found)
    coded = request.path in PREDICT and isinstance(found, dict) and "code" in found.get("status", ())
    if coded:
        response.status_code = found["status"]["code"]
    return response
