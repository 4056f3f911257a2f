"""What would come out the same again, kept: each entry beside what it was made from, and used only with that.

Nothing here has to be emptied by hand. A variable that changes, a template filled in anew, outputs that come
late: the entry no longer fits, and is made again. What must not be made again is not here but in settled.py.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

from argolane.workflow.local.reconciler.nodes.node import Node
from argolane.workflow.local.reconciler.state.variables import Variables

Made = TypeVar("Made")
Template = Mapping[str, Any]


class Cache:
    """Four kinds of values, each behind a method that is given the way to make one."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._filled: dict[str, tuple[Hashable, Any]] = {}
        self._of_template: dict[tuple[str, Hashable], tuple[Template, Any]] = {}
        self._outputs: dict[str, tuple[str, Any, Any]] = {}

    def filled(self, call: str, make: Callable[[], Made]) -> Made:
        """A call's template with its values filled in, while no variable changes."""
        known = self._filled.get(call)
        if known is None or known[0] != self._variables.moment:
            known = self._filled[call] = (self._variables.moment, make())
        made: Made = known[1]
        return made

    def plan(self, node: str, template: Template, make: Callable[[Template], Made]) -> Made:
        """What is to be known of a DAG's text, for this very text."""
        return self._once(("plan", node), template, make)

    def results_read(self, template: Template, make: Callable[[Template], Made]) -> Made:
        """Whose results a template reads."""
        return self._once(("results", id(template)), template, make)

    def outputs(self, node: Node, make: Callable[[], Made]) -> Made:
        """What a node says to those that follow; kept once it is over."""
        known = self._outputs.get(node.id)
        if known is None or known[0] != node.phase or known[1] is not node.outputs:
            known = (node.phase, node.outputs, make())
            if node.over:
                self._outputs[node.id] = known
        made: Made = known[2]
        return made

    def _once(self, key: tuple[str, Hashable], template: Template, make: Callable[[Template], Made]) -> Made:
        known = self._of_template.get(key)
        if known is None or known[0] is not template:
            known = self._of_template[key] = (template, make(template))
        made: Made = known[1]
        return made
