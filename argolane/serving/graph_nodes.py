"""A node's type and methods in, the calls that they stand for out: the units of a graph."""

from collections.abc import Iterator
from dataclasses import dataclass

TYPES = ("MODEL", "ROUTER", "TRANSFORMER", "OUTPUT_TRANSFORMER", "COMBINER")
METHODS = ("TRANSFORM_INPUT", "TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK")
RANDOM_ABTEST = "RANDOM_ABTEST"


@dataclass(frozen=True)
class Parameter:
    name: str
    value: str


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
    logged: bool = False

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

    def walk(self) -> Iterator["Node"]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name: str) -> "Node | None":
        return next((node for node in self.walk() if node.name == name), None)
