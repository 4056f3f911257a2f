"""The four units of comment moderation in, the chain of their nodes out: each answers to the next one."""

from collections.abc import Callable

from k8s_serving.deployment import at_defaults, deployment
from k8s_serving.graph import Chain, Served
from models.contract.spec import Unit, read_all

NAME = "comments"
ORDER = ("comments_clean", "comments_tokens", "comments_tfidf", "comments_classify")


def chain(node: Callable[[Unit], Served]) -> Chain:
    """`node` says what is known of each unit: its defaults, or what a task gives."""
    return Chain(*map(node, nodes()))


def nodes() -> list[Unit]:
    """The units, in the order in which a comment meets them."""
    by_name = {unit.name: unit for unit in read_all()}
    return [by_name[name] for name in ORDER]


def learner() -> Unit:
    """The unit whose versions the nodes serve."""
    (unit,) = (unit for unit in read_all() if unit.name == nodes()[0].loads)
    return unit


def manifests() -> dict[str, object]:
    return {NAME: deployment(NAME, graph=chain(at_defaults))}
