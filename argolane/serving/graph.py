"""A predictor of a SeldonDeployment in, its graph as typed nodes out.

The graph server walks these nodes. A graph that it could not walk is refused with all its faults at once. One
that it walks, as Seldon's executor does, though hardly as its author meant it, is a matter of `graph_doubts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argolane.errors import ManifestError, unknown
from argolane.serving import graph_doubts
from argolane.serving.graph_nodes import METHODS, Node, Parameter

REST_TIMEOUT = "seldon.io/rest-timeout"
ROUTING_INJECTION = "SELDON_ENABLE_ROUTING_INJECTION"
# The schema of the custom resource unrolls the graph this far and drops what is below.
DEEPEST = 11

_KEYS = (
    "name", "type", "implementation", "methods", "children", "parameters", "endpoint", "logger", "modelUri",
    "serviceAccountName", "envSecretRefName", "storageInitializerImage",
)  # fmt: skip


@dataclass(frozen=True)
class Predictor:
    name: str
    graph: Node
    injection: bool = False
    timeout: float | None = None
    """Seconds that one call to a node may take; None is for ever."""
    version: str = ""

    @classmethod
    def from_dict(cls, predictor: Mapping[str, Any], *, defaults: bool = True) -> "Predictor":
        """Raises ManifestError with all faults. `defaults`: filled in as by the operator."""
        faults: list[str] = []
        name = predictor.get("name")
        if not isinstance(name, str) or not name:
            faults.append(f"name is {name!r}; expected the predictor's name.")
        annotations = predictor.get("annotations") or {}
        timeout = _timeout(annotations.get(REST_TIMEOUT, ""), faults)
        graph = _node(predictor.get("graph"), "graph", 1, defaults, faults)
        if faults or graph is None:
            raise ManifestError(f"Predictor {name!r}: {fault}" for fault in faults)
        variables = (predictor.get("svcOrchSpec") or {}).get("env") or []
        injection = any(v.get("name") == ROUTING_INJECTION and v.get("value") for v in variables)
        return cls(str(name), graph, injection, timeout, annotations.get("version", ""))

    def doubts(self) -> list[str]:
        """What runs, but hardly as meant; one sentence each."""
        return graph_doubts.doubts(self.graph)


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


def _node(given: Any, at: str, depth: int, defaults: bool, faults: list[str]) -> Node | None:
    if not isinstance(given, Mapping):
        faults.append(f"{at} is {given!r}; expected a node with a name.")
        return None
    faults += (f"{at}: {unknown('field', str(key), _KEYS)}" for key in given if key not in _KEYS)
    name = given.get("name")
    if not isinstance(name, str) or not name:
        faults.append(f"{at}.name is {name!r}; expected the name of the node's container.")
    kind, implementation = _text(given, "type", at, faults), _text(given, "implementation", at, faults)
    methods = _texts(given.get("methods"), f"{at}.methods", faults)
    if defaults and not kind and not implementation and not methods:
        kind = "MODEL"
    return Node(
        str(name),
        kind,
        implementation,
        methods,
        _parameters(given.get("parameters"), f"{at}.parameters", faults),
        _children(given.get("children"), at, depth, defaults, faults),
        _endpoint(given.get("endpoint"), f"{at}.endpoint", faults),
        bool(given.get("logger")),
    )


def _children(
    given: Any, at: str, depth: int, defaults: bool, faults: list[str]
) -> tuple[Node, ...]:  # fmt: skip
    if given is None:
        return ()
    if not isinstance(given, list):
        faults.append(f"{at}.children is {given!r}; expected a list of nodes.")
        return ()
    if given and depth == DEEPEST:
        faults.append(f"{at} has children at level {DEEPEST + 1}; a graph has at most {DEEPEST} levels.")
        return ()
    below = (_node(c, f"{at}.children[{i}]", depth + 1, defaults, faults) for i, c in enumerate(given))
    return tuple(node for node in below if node is not None)


def _text(given: Mapping[str, Any], key: str, at: str, faults: list[str]) -> str:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        faults.append(f"{at}.{key} is {value!r}; expected text.")
    return value if isinstance(value, str) else ""


def _texts(given: Any, at: str, faults: list[str]) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        faults.append(f"{at} is {given!r}; expected a list of {', '.join(METHODS)}.")
        return ()
    return tuple(given)


def _parameters(given: Any, at: str, faults: list[str]) -> tuple[Parameter, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        faults.append(f"{at} is {given!r}; expected a list of name, value and type.")
        return ()
    found = []
    for i, item in enumerate(given):
        name, value = (item.get("name"), item.get("value")) if isinstance(item, Mapping) else (None, None)
        if isinstance(name, str) and isinstance(value, str):
            found.append(Parameter(name, value))
        else:
            faults.append(f"{at}[{i}] is {item!r}; expected name and value as text, whatever the type.")
    return tuple(found)


def _endpoint(given: Any, at: str, faults: list[str]) -> str:
    if not given:
        return ""
    if not isinstance(given, Mapping):
        faults.append(f"{at} is {given!r}; expected service_host and httpPort.")
        return ""
    host, port = given.get("service_host"), given.get("httpPort") or given.get("service_port")
    if not host or not port:
        return ""
    return f"http://{host}:{port}"
