"""A test's folder in, its project's workflows ready to run out: the pytest fixtures `workflow` and
`argolane_project`.

pytest loads this in every run (entry point `pytest11`), so it imports the engine only when a test asks.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from argolane.project import Project
    from argolane.testing.outcome import Outcome
    from argolane.testing.scenario import Scenario


@pytest.fixture
def argolane_project(request: pytest.FixtureRequest) -> "Project":
    """The project that the test's file stands in; override it to test the workflows of another one."""
    from argolane.project import find

    return find(request.path.parent)


@pytest.fixture
def workflow(
    request: pytest.FixtureRequest, argolane_project: "Project", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., "Scenario"]]:
    """`workflow("name")`, or a manifest file by its path from the project's root: a Scenario to run.

    Runs, volumes and deployments of the test lie in a temporary folder and end with it.
    """
    from argolane.project import Project
    from argolane.testing.scenario import Scenario
    from argolane.workflow import catalog

    place = Project(tmp_path_factory.mktemp("workflow"), argolane_project.settings)
    _mirror(argolane_project, place.root)

    def ended(outcome: "Outcome") -> None:
        # pytest shows it when the test fails.
        request.node.add_report_section("call", f"workflow {outcome.name}", outcome.tree)

    def scenario(target: str | Path, *, timeout: float = 60.0) -> Scenario:
        is_file = isinstance(target, Path) or target.endswith((".yaml", ".yml", ".json"))
        name = str(argolane_project.root / target) if is_file else str(target)
        return Scenario(place, catalog.find(argolane_project, name), timeout, ended=ended)

    yield scenario
    _end_deployments(place)


def _mirror(project: "Project", root: Path) -> None:
    """The project under another root: all but its own state is there, by links."""
    for entry in project.root.iterdir():
        if entry != project.state:
            (root / entry.name).symlink_to(entry)


def _end_deployments(project: "Project") -> None:
    if (project.state / "deployments").is_dir():
        from argolane.serving.deployments import Deployments

        served = Deployments(project)
        for deployment in served.list():
            served.delete(deployment["metadata"]["name"])
