"""A message of JSON in, the answer's message out: a class called as by the wrapper, without the wrapper.

Only what most requests are is done here. A class that has more of the wrapper in it, by its base class or by
methods that read whole messages, and messages of another form are the wrapper's own functions'.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from models.runtimes.gauges import Gauged
from models.runtimes.server.messages import Parts, Unread, read, written

PREDICT = ("/predict", "/api/v1.0/predictions", "/api/v0.1/predictions")
ROLES = {
    **dict.fromkeys(PREDICT, "predict"),
    "/transform-input": "transform_input",
    "/transform-output": "transform_output",
    "/route": "route",
    "/aggregate": "aggregate",
}
TAGS = {"transform_input": "inputtransform", "transform_output": "outputtransform", "route": "router"}


def whole(model: Any, role: str) -> bool:
    """Whether a class wants the wrapper's own functions: it reads whole messages, or is of its base class."""
    return isinstance(model, _known("SeldonComponent")) or any(
        hasattr(model, f"{role}_{kind}") for kind in ("raw", "rest", "grpc")
    )


def counts(model: Any) -> bool:
    """Whether a class has a `metrics()` of its own: Gauged's are gauges, which are asked for apart."""
    return hasattr(model, "metrics") and getattr(type(model), "metrics", None) is not Gauged.metrics


class Methods:
    """What a class answers to each kind of message."""

    def __init__(self, model: Any, metrics: Callable[[], Any], *, keeps_text: bool) -> None:
        """`metrics`: a SeldonMetrics, where what a class counts is added up; made when first asked for."""
        self._model, self._metrics, self._keeps_text = model, metrics, keeps_text
        self._counts = counts(model)

    def answer(self, role: str, message: Any) -> dict[str, Any]:
        """Raises Unread before the class is called, later on what the class raises."""
        if role == "aggregate":
            return self._aggregate(message)
        parts = read(message, keeps_text=self._keeps_text)
        data, metrics, tags = self.called(role, parts)
        if role == "route":
            if not isinstance(data, int):
                raise _bad(f"Routing response must be int but got {data}")
            data = np.array([[data]])
        meta = None if role == "route" else parts.meta
        counted = self.counted(TAGS.get(role, role), metrics)
        return self._written(message, data, meta, counted, tags)

    def health(self) -> dict[str, Any]:
        """What `/health/status` says."""
        absent = not_implemented()
        found: Any = "healthy"
        if hasattr(self._model, "health_status"):
            try:
                found = self._model.health_status()
            except absent:
                found = "not implemented - assuming healthy"
        return self._written({}, found, None, self.counted("health", []), {})

    def _aggregate(self, message: Any) -> dict[str, Any]:
        messages = message.get("seldonMessages") if type(message) is dict else message
        if not isinstance(messages, list) or not messages or not hasattr(self._model, "aggregate"):
            raise Unread
        parts = [read(each, keeps_text=self._keeps_text) for each in messages]
        given = self._model.aggregate([each.features for each in parts], [each.names for each in parts])
        data, metrics, tags = _taken(given)
        counted = self.counted("aggregate", metrics)
        metas = [each.meta for each in parts if each.meta]
        own: dict[str, Any] = {"tags": {}, "requestPath": {}}
        for meta in metas:
            for name, kept in own.items():
                kept.update(meta.get(name, {}))
        before = [each for meta in metas for each in meta.get("metrics", [])]
        return self._written(messages[0], data, own, [*before, *counted], tags)

    def called(self, role: str, parts: Parts) -> tuple[Any, Any, Any]:
        """Data, metrics and tags that the class's method gives."""
        method = getattr(self._model, role, None)
        if role == "route":
            if method is None:
                raise Unread
            return _taken(_call(method, parts))
        absent = [] if role == "predict" else parts.features
        if method is None:
            return absent, [], {}
        try:
            return _taken(_call(method, parts))
        except Exception as error:
            if isinstance(error, not_implemented()):
                return absent, [], {}
            raise

    def counted(self, kind: str, metrics: Any) -> list[Any]:
        """Add up what a request counted; what the answer tells of it."""
        if metrics == [] and not self._counts:
            return []
        from seldon_core.user_model import client_custom_metrics

        counted: list[Any] = client_custom_metrics(self._model, self._metrics(), kind, metrics)
        return counted

    def _written(self, request: Any, data: Any, meta: Any, metrics: Any, tags: Any) -> dict[str, Any]:
        return written(self._model, request, data, meta, metrics=metrics, tags=tags, absent=not_implemented())


def _call(method: Callable[..., Any], parts: Parts) -> Any:
    try:
        return method(parts.features, parts.names, meta=parts.meta)
    except TypeError:  # of a class that takes no meta
        return method(parts.features, parts.names)


def _taken(given: Any) -> tuple[Any, Any, Any]:
    """A SeldonResponse apart; anything else is data alone."""
    apart: Any = given if isinstance(given, _known("SeldonResponse")) else None
    return (given, [], {}) if apart is None else (apart.data, apart.metrics, apart.tags)


def not_implemented() -> Any:
    """What a method raises that is not there."""
    return _known("SeldonNotImplementedError")


def _known(name: str) -> Any:
    """A class of the wrapper's; nothing where that is not, or not yet, imported: then nobody has one."""
    return getattr(sys.modules.get("seldon_core.user_model"), name, ())


def _bad(text: str) -> Exception:
    from seldon_core.flask_utils import SeldonMicroserviceException

    found: Exception = SeldonMicroserviceException(text)
    return found
