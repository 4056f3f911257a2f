"""Units that answer the same question in, an A/B test of two of them out, or of two versions of the one."""

from collections.abc import Sequence
from dataclasses import replace

from k8s_serving.deployment import VERSION, at_defaults, deployment
from k8s_serving.graph import Graph, Router, Served, Split
from models.contract.spec import MODELS, Unit, read, read_all

NEXT_VERSION = "0.2"
NODE = "ab-test"  # what decides, whichever way: `meta.routing` has it by this name
USER = "user-id"  # the field or header that the rendered graph goes by
# Who A and B are when nothing is said, where it is not the first two by name.
FIRST = {"mnist": ("sk_mnist", "tf_mnist")}


def ab_test(*arms: Graph, ratios: Sequence[str] = ("0.5",)) -> Split:
    """`ratios` are the shares of the requests, 0 to 1, of all arms but the last, which gets the rest."""
    *most, last = arms
    return Split(NODE, tuple(zip(ratios, most, strict=True)), rest=last)


def router() -> Unit:
    return read(MODELS / "sticky")


def sticky(router: Served, a: Graph, b: Graph, *, by: str, salt: str, ratio: str = "0.5") -> Router:
    """The same with a router that gives all requests of a user to one arm; models/sticky has what it is told.

    `by` is the field or header with the user, `ratio` is the share of the users that `a` gets.
    """
    told = {"arms": "a,b", "sticky": by, "weights": ratio, "salt": salt}
    node = replace(router, name=NODE, parameters=told)
    return Router(node, (a, b), shares=(ratio, f"1-{ratio}"))


def questions() -> dict[str, list[Unit]]:
    """The units that can stand in for one another, by what they answer; first those that are A and B."""
    found: dict[str, list[Unit]] = {}
    for unit in read_all():
        if unit.metric and unit.serve and unit.serve.type == "MODEL":
            found.setdefault(unit.answers, []).append(unit)
    for question, units in found.items():
        units.sort(key=lambda unit: (unit.name not in FIRST.get(question, ()), unit.name))
    return found


def arms(units: list[Unit]) -> tuple[tuple[Unit, str], tuple[Unit, str]]:
    """The (unit, version) that A and B are when nothing is said."""
    a, b = units[0], units[1 % len(units)]
    return (a, VERSION), (b, VERSION if a is not b else NEXT_VERSION)


def node_name(unit: str, arm: str, others: list[str]) -> str:
    """The node of an arm: the unit's name, and the arm's after it where another arm is the same unit."""
    kebab = unit.replace("_", "-")
    return f"{kebab}-{arm}" if unit in others else kebab


def manifests() -> dict[str, object]:
    made: dict[str, object] = {}
    for question, units in questions().items():
        (a, a_version), (b, b_version) = arms(units)
        first = at_defaults(a, version=a_version, name=node_name(a.name, "a", [b.name]))
        second = at_defaults(b, version=b_version, name=node_name(b.name, "b", [a.name]))
        made[f"{question}-ab"] = deployment(f"{question}-ab", graph=ab_test(first, second))
        if question in FIRST:
            by_user = sticky(at_defaults(router(), version=""), first, second, by=USER, salt=f"{question}-ab")
            made[f"{question}-ab-sticky"] = deployment(f"{question}-ab-sticky", graph=by_user)
    return made
