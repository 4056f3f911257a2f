"""What is kept between passes, and when it no longer fits."""

import itertools
from collections.abc import Callable

from argolane.workflow.local.reconciler.state.cache import Cache
from argolane.workflow.local.reconciler.state.variables import Variables
from tests.workflow.local.reconciler.simulated import attempts


def counter() -> Callable[..., int]:
    """Makes 1, then 2, ..., whatever it is given."""
    numbers = itertools.count(1)
    return lambda *_: next(numbers)


def test_a_filled_template_is_as_old_as_the_variables() -> None:
    """Made once while no variable changes, anew after that: no way of changing one goes round it."""
    variables = Variables()
    cache, make = Cache(variables), counter()
    assert [cache.filled("wf", make), cache.filled("wf", make)] == [1, 1]
    variables.set("workflow.outputs.parameters.o", "x")
    assert cache.filled("wf", make) == 2
    with variables.ending("Failed", "null"):
        assert cache.filled("wf", make) == 3


def test_a_plan_belongs_to_one_text() -> None:
    """A template that is filled in anew is planned anew, even if it says the same."""
    cache, make = Cache(Variables()), counter()
    template: dict[str, str] = {}
    assert [cache.plan("wf", template, make), cache.plan("wf", template, make)] == [1, 1]
    assert cache.plan("wf", dict(template), make) == 2


def test_outputs_are_kept_once_a_node_is_over() -> None:
    """A running node is asked again; one that is over is not, unless outputs come late."""
    cache, make = Cache(Variables()), counter()
    (node,) = attempts(("Running", ""))
    assert [cache.outputs(node, make), cache.outputs(node, make)] == [1, 2]
    node.phase = "Failed"
    assert [cache.outputs(node, make), cache.outputs(node, make)] == [3, 3]
    node.outputs = {"exitCode": "137"}
    assert cache.outputs(node, make) == 4
