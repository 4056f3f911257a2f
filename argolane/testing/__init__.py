"""A workflow and fakes for some of its templates in, what became of every node out: tests for workflows.

Stands on top of the local engine, which runs all that is not faked. pytest finds the fixtures of `plugin` by
itself; this is what tests import. docs/testing-workflows.md shows it.
"""

from argolane.testing.fakes import Attempt
from argolane.testing.outcome import Node, Outcome
from argolane.testing.rendering import assert_rendered
from argolane.testing.scenario import Scenario

__all__ = ["Attempt", "Node", "Outcome", "Scenario", "assert_rendered"]
