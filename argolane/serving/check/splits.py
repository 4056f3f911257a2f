"""A RANDOM_ABTEST node in, what it would do instead of its split out."""

from collections.abc import Iterator

from argolane.serving.crd import is_tag
from argolane.serving.graph_nodes import RANDOM_ABTEST, Node

_RATIO = "ratioA"


def doubts(node: Node) -> Iterator[str]:
    """The executor honours ratioA only where it is the one parameter, and chooses between two children."""
    if len(node.children) != 2:
        yield f"is a {RANDOM_ABTEST} with {len(node.children)} children; it only ever chooses between two."
    names = [parameter.name for parameter in node.parameters]
    if names and _RATIO not in names:
        yield f"has the parameters {', '.join(names)} and no {_RATIO}: the split is even."
    elif len(names) > 1:
        yield f"has parameters beside {_RATIO}, so {_RATIO} is ignored and the split is even."
    for parameter in node.parameters:
        if parameter.name == _RATIO and not is_tag(parameter.value) and not _is_share(parameter.value):
            yield f"has {_RATIO} {parameter.value!r}; expected a number from 0 to 1."
    if node.routes:
        yield f"is a ROUTER beside {RANDOM_ABTEST}: its container is asked, and {_RATIO} is ignored."


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
