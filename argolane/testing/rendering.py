"""A project in, nothing out if its rendered files are what its programs make: `argolane render --check`."""

from argolane import render
from argolane.project import Project


def assert_rendered(project: Project) -> None:
    """AssertionError with a line for each rendered file that is missing, left over or different."""
    stale = render.check(project)
    if stale:
        raise AssertionError("\n".join([*stale, "Rendered files are stale. Run: argolane render"]))
