"""References of steps and tasks to what ran before."""

import pytest

from argolane.workflow.local.reconciler.errors import OperationError, Unresolved
from argolane.workflow.local.reconciler.flow.outputs import outputs_of
from argolane.workflow.local.reconciler.flow.scope import Scope

NOT_THERE = "{{steps.a.outputs.artifacts.d}}"


def test_a_reference_to_nothing_is_told_by_its_class() -> None:
    """An optional artifact that nothing left is passed over; what is there but no artifact is an error."""
    scope = Scope()
    with pytest.raises(Unresolved) as caught:
        scope.resolve(NOT_THERE)
    assert caught.value.reference == "steps.a.outputs.artifacts.d"
    optional = {"name": "d", "from": NOT_THERE, "optional": True}
    assert outputs_of({"outputs": {"artifacts": [optional]}}, scope) == {"artifacts": []}
    scope.set("steps.a.outputs.artifacts.d", "Unable to resolve")
    with pytest.raises(OperationError, match="is not an artifact"):
        outputs_of({"outputs": {"artifacts": [optional]}}, scope)


def test_an_argument_that_names_an_absent_output_is_not_given() -> None:
    """A skipped step's output without a default leaves the input to its own default."""
    scope = Scope()
    scope.add_skipped("steps.a", {"outputs": {"parameters": [{"name": "p"}]}}, artifacts=True)
    given = {"parameters": [{"name": "x", "value": "{{steps.a.outputs.parameters.p}}"}]}
    marked = scope.mark_absent(given)
    assert marked is not None
    assert marked["parameters"] != given["parameters"]
    both = {"parameters": [{"name": "x", "value": "{{steps.a.outputs.parameters.p}}!"}]}
    assert scope.mark_absent(both) == both
