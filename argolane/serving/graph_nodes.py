"""A graph's plain data in, typed nodes out, and the calls that a node's type and methods stand for.

Whether the graph makes sense is not asked here but in `check/nodes.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TYPES = ("MODEL", "ROUTER", "TRANSFORMER", "OUTPUT_TRANSFORMER", "COMBINER")
METHODS = ("TRANSFORM_INPUT", "TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK")
RANDOM_ABTEST = "RANDOM_ABTEST"
# In Seldon's list of implementations; its executor has no code for them.
WITHOUT_CODE = ("SIMPLE_MODEL", "SIMPLE_ROUTER", "AVERAGE_COMBINER")
_IN_A_CONTAINER = ("", "UNKNOWN_IMPLEMENTATION")
# What has a type only where it says so; a prepackaged server is a MODEL by itself.
_ITS_OWN = ("UNKNOWN_IMPLEMENTATION", RANDOM_ABTEST, *WITHOUT_CODE)


@dataclass(frozen=True)
class Parameter:
    name: str
    value: str
    type: str = "STRING"


@dataclass(frozen=True)
class Node:
    """One unit of a graph. `before`, `after` and so on are the calls that its type and methods stand for."""

    name: str
    type: str = ""
    implementation: str = ""
    methods: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    children: tuple["Node", ...] = ()
    endpoint: str = ""
    """`http://host:port`, for REST."""
    grpc_endpoint: str = ""
    """`host:port`, for gRPC."""
    dialled: str = ""
    """`host:port`, which tells whether it is there."""
    grpc: bool = False
    """Whether its own port, that probes dial, is that of gRPC."""
    model_uri: str = ""
    secret: str = ""
    """What the storage initializer has its keys from."""
    at: str = "graph"
    """Its place in the manifest."""

    @classmethod
    def of(cls, given: Mapping[str, Any], at: str = "graph", *, defaults: bool = True) -> "Node":
        """A node of what fits the custom resource. `defaults`: filled in as by the operator."""
        kind, implementation = given.get("type", ""), given.get("implementation", "")
        methods = tuple(given.get("methods") or ())
        if defaults and not kind and not methods and implementation not in _ITS_OWN:
            kind = "MODEL"
        return cls(
            name=given.get("name", ""),
            type=kind,
            implementation=implementation,
            methods=methods,
            parameters=tuple(
                Parameter(p.get("name", ""), p.get("value", ""), p.get("type", "STRING"))
                for p in given.get("parameters") or ()
            ),
            children=tuple(
                cls.of(child, f"{at}.children[{i}]", defaults=defaults)
                for i, child in enumerate(given.get("children") or ())
            ),
            **_addresses(given.get("endpoint") or {}),
            model_uri=given.get("modelUri") or "",
            secret=given.get("envSecretRefName") or "",
            at=at,
        )

    @property
    def before(self) -> str:
        """The path called on the way down, or nothing."""
        if self.type == "TRANSFORMER" or "TRANSFORM_INPUT" in self.methods:
            return "/transform-input"
        return "/predict" if self.type == "MODEL" else ""

    @property
    def after(self) -> str:
        """The path called on the way up, or nothing."""
        calls = self.type == "OUTPUT_TRANSFORMER" or "TRANSFORM_OUTPUT" in self.methods
        return "/transform-output" if calls else ""

    @property
    def routes(self) -> bool:
        return self.type == "ROUTER" or "ROUTE" in self.methods

    @property
    def aggregates(self) -> bool:
        return self.type == "COMBINER" or "AGGREGATE" in self.methods

    @property
    def learns(self) -> bool:
        """Whether feedback is sent to the node itself."""
        return self.type in ("MODEL", "ROUTER") or "SEND_FEEDBACK" in self.methods

    @property
    def called(self) -> bool:
        return bool(self.before or self.after or self.routes or self.aggregates or self.learns)

    @property
    def in_a_container(self) -> bool:
        """Whether it is code that only a container of its name can bring."""
        return self.implementation in _IN_A_CONTAINER

    @property
    def prepackaged(self) -> bool:
        """Whether the operator brings the container: any implementation that is none of Seldon's own."""
        return not self.in_a_container and self.implementation not in (RANDOM_ABTEST, *WITHOUT_CODE)

    def walk(self) -> Iterator["Node"]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name: str) -> "Node | None":
        return next((node for node in self.walk() if node.name == name), None)


def _addresses(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """Where the operator has filled in host and ports; before that, whether it is asked by gRPC."""
    host, own = endpoint.get("service_host"), endpoint.get("service_port")
    http, grpc = endpoint.get("httpPort") or own, endpoint.get("grpcPort") or own
    return {
        "endpoint": f"http://{host}:{http}" if host and http else "",
        "grpc_endpoint": f"{host}:{grpc}" if host and grpc else "",
        "dialled": f"{host}:{own or http or grpc}" if host and (own or http or grpc) else "",
        "grpc": endpoint.get("type") == "GRPC",
    }
