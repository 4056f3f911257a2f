"""A project in a folder of its own, and scenarios from the text of a workflow's spec."""

from collections.abc import Callable
from pathlib import Path

import pytest

from argolane.project import Project
from argolane.testing import Scenario

HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: test-}\nspec:\n"


@pytest.fixture
def argolane_project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def scenario(workflow: Callable[..., Scenario], tmp_path: Path) -> Callable[..., Scenario]:
    """The scenario of a spec; `timeout` is the fixture's own."""

    def make(spec: str, **more: float) -> Scenario:
        text = HEAD + "\n".join(f"  {line}" for line in spec.strip("\n").split("\n")) + "\n"
        (tmp_path / "workflow.yaml").write_text(text)
        return workflow("workflow.yaml", **more)

    return make
