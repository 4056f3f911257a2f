"""A router that learns and its arms in, a graph out: each request goes where most is won, as far as known."""

from collections.abc import Sequence
from dataclasses import replace

from k8s_serving.ab_test import arms as first_two
from k8s_serving.ab_test import node_name, questions
from k8s_serving.deployment import at_defaults, deployment
from k8s_serving.graph import Router, Served
from models.contract.spec import MODELS, Unit, read

STATE_CLAIM = "router-state"
# The questions that have bandits, and of how many arms, which is no parameter: a graph has its nodes.
QUESTIONS, SIZES = ("mnist",), (2, 3)
POOR = "poor"  # the version of a third arm when nothing is said: one that is worth little
DEFAULTS = {"algorithm": "thompson", "rewards": "binary", "epsilon": "0.1", "seed": "0"}


def unit() -> Unit:
    return read(MODELS / "bandit")


def bandit(router: Served, arms: Sequence[Served], **parameters: str) -> Router:
    """`parameters` are those of models/bandit/predict.py. Rewards are kept by an arm's name and version."""
    names = ",".join(f"{arm.name}:{arm.version}" for arm in arms)
    return Router(replace(router, claim=STATE_CLAIM, parameters={"arms": names, **parameters}), tuple(arms))


def arms(question: str, size: int) -> list[tuple[Unit, str]]:
    """The (unit, version) of each arm when nothing is said."""
    units = questions()[question]
    return [*first_two(units), *[(units[0], POOR)] * (size - 2)]


def name_of(question: str, size: int) -> str:
    """The deployment's: `mnist-bandit`, and with more than two arms their number after it."""
    return f"{question}-bandit" + (f"-{size}" if size > 2 else "")


def manifests() -> dict[str, object]:
    made: dict[str, object] = {}
    for question in QUESTIONS:
        for size in SIZES:
            nodes, known = [], arms(question, size)
            for place, (arm, version) in enumerate(known):
                others = [other.name for other, _ in (*known[:place], *known[place + 1 :])]
                node = node_name(arm.name, "abc"[place], others)
                nodes.append(at_defaults(arm, version=version, name=node))
            name = name_of(question, size)
            router = at_defaults(unit(), version="")
            made[name] = deployment(name, graph=bandit(router, nodes, **DEFAULTS))
    return made
