"""A graph and the address of another deployment in, the graph out of whose requests the other gets copies.

The other deployment is one of its own: what becomes of it, slow or down, is no matter of this one.
"""

from dataclasses import replace

from k8s_serving.bandit import STATE_CLAIM
from k8s_serving.deployment import at_defaults, deployment
from k8s_serving.graph import Chain, Graph, Served
from models.contract.spec import MODELS, Unit, read

QUESTIONS = ("mnist",)
ANSWERS, SHADOW = "sk_mnist", "tf_mnist"


def unit() -> Unit:
    return read(MODELS / "shadow")


def name_of(question: str) -> str:
    """The deployment that answers."""
    return f"{question}-shadow"


def copies_of(question: str) -> str:
    """The deployment that gets copies: what may answer one day."""
    return f"{question}-candidate"


def shadowed(node: Served, graph: Graph, *, url: str) -> Chain:
    """`node` serves models/shadow; `url` is the status.address.url of the shadow."""
    told = {"shadow": url}
    return Chain(replace(node, claim=STATE_CLAIM, methods=("TRANSFORM_OUTPUT",), parameters=told), graph)


def manifests() -> dict[str, object]:
    """On a cluster, in namespace argolane, beside the deployment of the other unit."""
    other = read(MODELS / SHADOW).kebab
    url = f"http://{other}-default.argolane:8000/api/v1.0/predictions"
    graph = shadowed(at_defaults(unit(), version=""), at_defaults(read(MODELS / ANSWERS)), url=url)
    return {name: deployment(name, graph=graph) for name in map(name_of, QUESTIONS)}
