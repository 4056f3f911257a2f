"""A path and a method in, what is asked for out: the executor's table of routes.

Starlette's own routing would answer what is not found, not allowed or badly written in its own way; the
executor's clients see the ways of Go's mux, which are these.
"""

import posixpath
from dataclasses import dataclass
from enum import Enum, auto


class Asked(Enum):
    PREDICTIONS = auto()
    FEEDBACK = auto()
    READY = auto()
    LIVE = auto()
    METRICS = auto()
    STATUS = auto()
    METADATA = auto()
    GRAPH = auto()
    DOCUMENTATION = auto()
    NOT_FOUND = auto()
    NOT_ALLOWED = auto()
    MOVED = auto()


@dataclass(frozen=True)
class Route:
    asked: Asked
    methods: tuple[str, ...] = ()
    """What may be asked so; empty is anything."""
    name: str = ""
    """The node in the path, or where a path has moved to."""

    @property
    def service(self) -> str:
        """What the metrics call it."""
        return _SERVICES.get(self.asked, "")


_SERVICES = {
    Asked.PREDICTIONS: "predictions",
    Asked.FEEDBACK: "feedback",
    Asked.STATUS: "status",
    Asked.METADATA: "metadata",
    Asked.GRAPH: "metadata",
}
_POST, _GET = ("OPTIONS", "POST"), ("GET", "OPTIONS")
_NOT_FOUND, _NOT_ALLOWED = Route(Asked.NOT_FOUND), Route(Asked.NOT_ALLOWED)
_FIXED = {
    "/ready": Route(Asked.READY),
    "/live": Route(Asked.LIVE),
    "/api/v0.1/predictions": Route(Asked.PREDICTIONS, _POST),
    "/api/v0.1/feedback": Route(Asked.FEEDBACK, _POST),
    "/api/v1.0/predictions": Route(Asked.PREDICTIONS, _POST),
    "/api/v1.0/feedback": Route(Asked.FEEDBACK, _POST),
    "/api/v1.0/metadata": Route(Asked.GRAPH, _GET),
    "/api/v1.0/status": Route(Asked.READY, _GET),
    "/api/v1.0/health/status": Route(Asked.READY, _GET),
}
_OF_A_NODE = {
    "/api/v0.1/status": Asked.STATUS,
    "/api/v1.0/status": Asked.STATUS,
    "/api/v0.1/metadata": Asked.METADATA,
    "/api/v1.0/metadata": Asked.METADATA,
}
_DOCUMENTATION = ("/api/v0.1/doc/", "/api/v1.0/doc/")


def find(path: str, method: str, *, metrics: str) -> Route:
    """`metrics` is the path of the metrics, which is a setting."""
    route = Route(Asked.METRICS) if path == metrics else _FIXED.get(path) or _other(path)
    if route.methods and method not in route.methods:
        return _NOT_ALLOWED
    return route


def _other(path: str) -> Route:
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if path.endswith("/") and clean != "/":
        clean += "/"
    if clean != path:
        return Route(Asked.MOVED, name=clean)
    parent, _, name = path.rpartition("/")
    if name and parent in _OF_A_NODE:
        return Route(_OF_A_NODE[parent], _GET, name)
    return Route(Asked.DOCUMENTATION) if path.startswith(_DOCUMENTATION) else _NOT_FOUND
