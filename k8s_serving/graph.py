"""Models in, a graph out: a value that knows its Seldon node, its containers and the paths through it.

`deployment` makes a manifest of one, and the verify step of a rollout walks its paths. A node is written
before those that it passes its answer to, as Seldon nests them. Texts may be Argo's tags.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Protocol


class GraphError(ValueError):
    """A graph that Seldon would not run as it is meant."""


@dataclass(frozen=True)
class Served:
    """A node with a container: the image that runs in it, and the version of the store that it loads.

    `name` is the node's and the container's; two versions of one unit are two nodes with names of their own.
    Without a `version` the node loads nothing. `serves` is which unit, for an image that can serve several.
    `digest` is that of the version: one trained again is a new pod. `parameters` are those of the
    graph's node, and `claim` is one that it keeps a file of its own on.
    """

    name: str
    image: str
    unit: str = ""
    version: str = ""
    digest: str = ""
    kind: str = "MODEL"
    serves: str = ""
    resources: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    claim: str = ""
    methods: tuple[str, ...] = ()  # what is called besides what its kind says

    @property
    def node(self) -> dict[str, Any]:
        node: dict[str, Any] = {"name": self.name, "type": self.kind}
        if self.methods:
            node["methods"] = list(self.methods)
        given = [{"name": n, "value": v, "type": "STRING"} for n, v in self.parameters.items()]
        return {**node, "parameters": given} if given else node

    def containers(self) -> tuple["Served", ...]:
        return (self,)

    def paths(self) -> tuple["Path", ...]:
        return (Path((self,), answers=self),)


@dataclass(frozen=True, kw_only=True)
class Prepackaged(Served):
    """A server of Seldon's that gets its model from `uri` before it starts: MLFLOW_SERVER and its like.

    `image` takes the place of the one that the cluster knows under the name `implementation`. `secret` is the
    Secret that the model is fetched with. The version is the model store's; what is served comes from `uri`.
    """

    implementation: str = ""
    uri: str = ""
    secret: str = ""

    @property
    def node(self) -> dict[str, Any]:
        node = {**super().node, "implementation": self.implementation, "modelUri": self.uri}
        return {**node, "envSecretRefName": self.secret} if self.secret else node


@dataclass(frozen=True)
class Path:
    """One way of a request: the containers that it meets, and its share of all requests.

    `answers` is the node whose answer the client gets. The share is the product of the factors in `share`, of
    which "1-0.3" is what 0.3 leaves; None where a router decides. `routing` is what an answer on this way has
    in `meta.routing`: the number of the child that each node with a choice has taken.
    """

    nodes: tuple[Served, ...]
    answers: Served
    share: tuple[str, ...] | None = ()
    routing: tuple[tuple[str, int], ...] = ()

    def below(
        self,
        *before: Served,
        share: tuple[str, ...] | None = (),
        routing: tuple[tuple[str, int], ...] = (),
    ) -> "Path":
        known = share is not None and self.share is not None
        return replace(
            self,
            nodes=(*before, *self.nodes),
            share=(*share, *self.share) if known else None,  # type: ignore[misc]
            routing=(*routing, *self.routing),
        )


class Graph(Protocol):
    """What a deployment serves."""

    @property
    def node(self) -> dict[str, Any]: ...
    def containers(self) -> tuple[Served, ...]: ...
    def paths(self) -> tuple[Path, ...]: ...


@dataclass(frozen=True, init=False)
class Chain:
    """Each node's answer is the request of the next. Only the last part may branch.

    An OUTPUT_TRANSFORMER stands before the node whose answer it transforms.
    """

    first: tuple[Served, ...]
    last: Graph

    def __init__(self, *parts: Graph) -> None:
        if not parts:
            raise GraphError("A chain has no nodes; expected at least one.")
        *first, last = (node for part in parts for node in _links(part))
        for part in first:
            if not isinstance(part, Served):
                name = part.node["name"]
                raise GraphError(f"A chain goes on after {name!r}, which branches; only its last part may.")
        object.__setattr__(self, "first", tuple(first))
        object.__setattr__(self, "last", last)

    @property
    def node(self) -> dict[str, Any]:
        node = self.last.node
        for before in reversed(self.first):
            node = {**before.node, "children": [node]}
        return node

    def containers(self) -> tuple[Served, ...]:
        return (*self.first, *self.last.containers())

    def paths(self) -> tuple[Path, ...]:
        after = [node for node in self.first if node.kind == "OUTPUT_TRANSFORMER"]
        paths = tuple(path.below(*self.first) for path in self.last.paths())
        return tuple(replace(path, answers=after[0]) for path in paths) if after else paths


@dataclass(frozen=True)
class Split:
    """Chance decides for each request: (share of all requests, arm); `rest` gets what the others leave.

    Seldon's RANDOM_ABTEST has two arms and no more; so a third one is in a split of what the first leaves,
    and then shares are numbers, for no tag can be divided.
    """

    name: str
    arms: tuple[tuple[str, Graph], ...]
    rest: Graph

    def __post_init__(self) -> None:
        if not self.arms:
            raise GraphError(f"Split {self.name!r} has one arm; expected at least two.")
        _ = self._ratios

    @property
    def node(self) -> dict[str, Any]:
        node = self.rest.node
        for number, (ratio, (_, arm)) in reversed(
            list(enumerate(zip(self._ratios, self.arms, strict=True), 1))
        ):
            node = {
                "name": self._node(number),
                "implementation": "RANDOM_ABTEST",
                "parameters": [{"name": "ratioA", "value": ratio, "type": "FLOAT"}],
                "children": [arm.node, node],
            }
        return node

    def containers(self) -> tuple[Served, ...]:
        graphs = (*(arm for _, arm in self.arms), self.rest)
        return tuple(served for graph in graphs for served in graph.containers())

    def paths(self) -> tuple[Path, ...]:
        found: list[Path] = []
        passed: tuple[str, ...] = ()
        routed: tuple[tuple[str, int], ...] = ()
        for number, (ratio, (_, arm)) in enumerate(zip(self._ratios, self.arms, strict=True), 1):
            here = (*routed, (self._node(number), 0))
            found += [path.below(share=(*passed, ratio), routing=here) for path in arm.paths()]
            passed += (f"1-{ratio}",)
            routed += ((self._node(number), 1),)
        return (*found, *(path.below(share=passed, routing=routed) for path in self.rest.paths()))

    def _node(self, number: int) -> str:
        return self.name if number == 1 else f"{self.name}-{number}"

    @property
    def _ratios(self) -> list[str]:
        """For each arm its share of what the arms before it leave."""
        if len(self.arms) == 1:
            return [self.arms[0][0]]
        ratios, left = [], 1.0
        for text, arm in self.arms:
            try:
                share = float(text)
            except ValueError:
                share = -1
            if not 0 <= share <= left + 1e-9:
                raise GraphError(
                    f"Split {self.name!r} gives {arm.node['name']!r} the share {text!r}; expected a number "
                    f"from 0 to {left:g}, which is left of all requests. Only the first of two arms may take "
                    "its share from a parameter."
                )
            ratios.append(f"{min(share / left, 1):.12g}" if left > 1e-9 else "0")
            left -= share
        return ratios


@dataclass(frozen=True)
class Router:
    """A node of its own decides for each request to which child it goes, and may learn from feedback.

    One that keeps to `shares` says them, a factor a child, as a Path has them.
    """

    router: Served
    children: tuple[Graph, ...]
    shares: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.shares and len(self.shares) != len(self.children):
            raise GraphError(
                f"Router {self.router.name!r} has {len(self.shares)} shares for {len(self.children)}"
                " children; expected one for each."
            )

    @property
    def node(self) -> dict[str, Any]:
        return {**self.router.node, "type": "ROUTER", "children": [child.node for child in self.children]}

    def containers(self) -> tuple[Served, ...]:
        return (self.router, *_containers(self.children))

    def paths(self) -> tuple[Path, ...]:
        # Seldon's executor lets no answer tell of the router's container: it is on no path.
        return tuple(
            path.below(
                share=(self.shares[number],) if self.shares else None,
                routing=((self.router.name, number),),
            )
            for number, child in enumerate(self.children)
            for path in child.paths()
        )


@dataclass(frozen=True)
class Combiner:
    """Every child answers, and a node of its own makes one answer of theirs."""

    combiner: Served
    children: tuple[Graph, ...]

    @property
    def node(self) -> dict[str, Any]:
        return {**self.combiner.node, "type": "COMBINER", "children": [child.node for child in self.children]}

    def containers(self) -> tuple[Served, ...]:
        return (self.combiner, *_containers(self.children))

    def paths(self) -> tuple[Path, ...]:
        found = []
        for ways in product(*(child.paths() for child in self.children)):
            path = Path((self.combiner,), answers=self.combiner)
            for way in reversed(ways):
                path = path.below(*way.nodes, share=way.share, routing=way.routing)
            found.append(path)
        return tuple(found)


def _links(part: Graph) -> tuple[Graph, ...]:
    return (*part.first, part.last) if isinstance(part, Chain) else (part,)


def _containers(graphs: Iterable[Graph]) -> tuple[Served, ...]:
    return tuple(served for graph in graphs for served in graph.containers())
