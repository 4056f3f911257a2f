"""A graph in, sentences on it out: what runs, but hardly as its author meant it.

Seldon's executor passes these over in silence: a typo in a type lets every request through as its own answer.
"""

from collections.abc import Iterator

from argolane.serving.graph_nodes import METHODS, RANDOM_ABTEST, TYPES, Node

_NO_TYPE = ("", "UNKNOWN_TYPE")


def doubts(root: Node) -> list[str]:
    """One sentence each."""
    names = [node.name for node in root.walk()]
    found = [f"Two nodes are called {name!r}." for name in sorted(set(names)) if names.count(name) > 1]
    for node in root.walk():
        found += (f"Node {node.name!r} {doubt}" for doubt in _node(node))
    return found


def _node(node: Node) -> Iterator[str]:
    if node.type not in TYPES and node.type not in _NO_TYPE:
        yield f"has the type {node.type!r}, none of {', '.join(TYPES)}: it is passed over."
    for method in node.methods:
        if method not in METHODS:
            yield f"has the method {method!r}, none of {', '.join(METHODS)}: it is never called."
    if node.implementation == RANDOM_ABTEST:
        yield from _split(node)
    elif node.implementation in ("SIMPLE_MODEL", "SIMPLE_ROUTER", "AVERAGE_COMBINER"):
        yield f"has the implementation {node.implementation}, which the executor has no code for."
    if node.logged:
        yield "has a logger, which this graph server does not have: its payloads are not logged."
    if (node.routes or node.aggregates) and not node.children:
        yield f"is a {node.type or 'node that routes or aggregates'} without children: it is passed over."


def _split(node: Node) -> Iterator[str]:
    if len(node.children) != 2:
        yield f"is a {RANDOM_ABTEST} with {len(node.children)} children; it only ever chooses between two."
    ratios = [p.value for p in node.parameters if p.name == "ratioA"]
    if ratios and len(node.parameters) > 1:
        yield "has parameters beside ratioA, so ratioA is ignored and the split is even."
    for ratio in ratios:
        try:
            inside = 0 <= float(ratio) <= 1
        except ValueError:
            inside = False
        if not inside:
            yield f"has ratioA {ratio!r}; expected a number from 0 to 1."
    if node.routes:
        yield f"is a ROUTER beside {RANDOM_ABTEST}: its container is asked, and ratioA is ignored."
