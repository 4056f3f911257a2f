"""A test's folder in, its project's workflows ready to run out: the pytest fixtures `workflow` and
`argolane_project`.

pytest loads this in every run (entry point `pytest11`), so it imports the engine only when a test asks.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from argolane.project import Project
    from argolane.testing.outcome import Outcome
    from argolane.testing.scenario import Scenario
    from argolane.workflow.catalog import Entry


@pytest.fixture(scope="session")
def _known() -> "Callable[[Project], Mapping[str, Entry]]":
    """Every workflow of a project by name, read once as long as no manifest of it changes."""
    from argolane.workflow import catalog

    read: dict[Path, tuple[object, Mapping[str, Entry]]] = {}

    def known(project: "Project") -> "Mapping[str, Entry]":
        files = [(path, path.stat()) for path in project.manifest_files()]
        stamp = [(path, stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in files]
        if project.root not in read or read[project.root][0] != stamp:
            read[project.root] = stamp, catalog.entries(project)
        return read[project.root][1]

    return known


@pytest.fixture
def argolane_project(request: pytest.FixtureRequest) -> "Project":
    """The project that the test's file stands in; override it to test the workflows of another one."""
    from argolane.project import find

    return find(request.path.parent)


@pytest.fixture
def workflow(
    request: pytest.FixtureRequest,
    argolane_project: "Project",
    tmp_path_factory: pytest.TempPathFactory,
    _known: "Callable[[Project], Mapping[str, Entry]]",
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
        if isinstance(target, Path) or target.endswith((".yaml", ".yml", ".json")):
            entry = catalog.find(argolane_project, str(argolane_project.root / target))
        elif "/" in target:
            entry = catalog.find(argolane_project, target)
        else:
            entry = catalog.named(argolane_project, target, _known(argolane_project))
        return Scenario(place, entry, timeout, ended=ended)

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
