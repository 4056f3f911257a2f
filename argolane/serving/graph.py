"""A predictor of a SeldonDeployment in, what the graph server walks out: typed nodes and how to call them.

What has no place in a graph is refused here with all its faults, for the graph server can be started without
a SeldonDeployment. What a graph means, and whether it means it well, is asked in `check/`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from argolane.errors import ManifestError
from argolane.serving import crd
from argolane.serving.graph_nodes import Node

if TYPE_CHECKING:
    from argolane.serving.spec import SeldonDeployment

REST_TIMEOUT = "seldon.io/rest-timeout"
GRPC_TIMEOUT = "seldon.io/grpc-timeout"
GRPC_LARGEST = "seldon.io/grpc-max-message-size"
ROUTING_INJECTION = "SELDON_ENABLE_ROUTING_INJECTION"


@dataclass(frozen=True)
class Graph:
    predictor: str
    root: Node
    injection: bool = False
    timeout: float | None = None
    """Seconds that one call to a node may take; None is for ever."""
    version: str = ""
    grpc_timeout: float | None = None
    """The same of a call over gRPC, where 0 lets every call fail."""
    largest_message: int | None = None
    """Bytes of a request or an answer over gRPC; None leaves it to the server."""

    def with_annotations(self, annotations: Mapping[str, str]) -> "Graph":
        """What annotations say of gRPC.

        ManifestError for a size that is no number: the executor does not start on it.
        """
        timeout, size = whole(annotations.get(GRPC_TIMEOUT, "")), annotations.get(GRPC_LARGEST, "")
        if size and whole(size) is None:
            raise ManifestError(
                f"Predictor {self.predictor!r}: annotation {GRPC_LARGEST} is {size!r}; expected bytes, a "
                "whole number such as '4194304'."
            )
        seconds = self.grpc_timeout if timeout is None else timeout / 1000
        largest = whole(size) if size else self.largest_message
        return replace(self, grpc_timeout=seconds, largest_message=largest)


def graph_of(deployment: "SeldonDeployment") -> Graph:
    """The graph of a checked deployment."""
    predictor = deployment.predictor
    # The operator writes both kinds of annotations to the pod, where the executor looks for its timeout.
    annotations = deployment.spec.annotations | predictor.annotations
    injection = any(v.name == ROUTING_INJECTION and v.value for v in predictor.svc_orch_spec.env)
    timeout = milliseconds(annotations.get(REST_TIMEOUT, ""))
    graph = Graph(predictor.name, predictor.graph, injection, timeout, annotations.get("version", ""))
    return graph.with_annotations(annotations)


def read(predictor: Mapping[str, Any]) -> Graph:
    """The graph of a predictor that nobody has checked, as the operator hands it to the executor.

    The operator has filled in the defaults: a node without a type is one that is passed over. Raises
    ManifestError with all faults.
    """
    faults: list[str] = []
    name = predictor.get("name")
    if not isinstance(name, str) or not name:
        faults.append(f"name is {name!r}; expected the predictor's name.")
    annotations = predictor.get("annotations") or {}
    timeout = _timeout(annotations.get(REST_TIMEOUT, ""), faults)
    graph = crd.fit(predictor.get("graph"), crd.GRAPH, "graph")
    faults += (f"{misfit.at}: {misfit.reason}" for misfit in graph.misfits)
    if faults:
        raise ManifestError(f"Predictor {name!r}: {fault}" for fault in faults)
    variables = (predictor.get("svcOrchSpec") or {}).get("env") or []
    injection = any(v.get("name") == ROUTING_INJECTION and v.get("value") for v in variables)
    root = Node.of(graph.value, defaults=False)
    found = Graph(str(name), root, injection, timeout, annotations.get("version", ""))
    return found.with_annotations(annotations)


def whole(text: str) -> int | None:
    """As Go reads a number of 64 bits; None for what is none."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) and abs(int(text)) < 2**63 else None


def milliseconds(text: str) -> float | None:
    """A `seldon.io/rest-timeout` as seconds; 0 and nothing stand for no limit. Raises ValueError."""
    if not text:
        return None
    value = int(text)
    return value / 1000 if value > 0 else None


def _timeout(text: object, faults: list[str]) -> float | None:
    try:
        return milliseconds(str(text))
    except ValueError:
        faults.append(
            f"annotation {REST_TIMEOUT} is {text!r}; expected milliseconds, a whole number such as '5000'."
        )
        return None
