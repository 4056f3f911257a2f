"""A project in a folder of its own, and workflows written as YAML in the tests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from argolane.manifest import Document, loads
from argolane.project import Project
from argolane.workflow import local
from argolane.workflow.run.result import Run

RunText = Callable[..., Run]

HEAD = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: test-}\nspec:\n"


def document(spec: str) -> Document:
    """A Workflow from the text of its spec."""
    indented = "\n".join(f"  {line}" for line in spec.strip("\n").split("\n"))
    return Document(loads(HEAD + indented, "test")[0], Path("test.yaml"), "test.yaml")


def nodes(run: Run) -> dict[str, dict[str, Any]]:
    """Nodes by display name."""
    return {node["displayName"]: node for node in run.status["nodes"].values()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def run(project: Project) -> RunText:
    """Run a workflow from the text of its spec."""

    def start(spec: str, parameters: Mapping[str, str] | None = None, **more: Any) -> Run:
        return local.run(project, document(spec), parameters=parameters, **more)

    return start
