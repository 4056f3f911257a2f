"""Every recorded case again, its containers on the files of a real image and not on this machine's.

The image is made of Debian's packages, as that which the cases were recorded with.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import debian_image
import pytest
from harness import Outcome, needs, run_all
from recording import names

from argolane.containers import spawner
from argolane.containers.oci import prepared, roots
from argolane.project import Project, ProjectSettings

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]
# What cannot end as recorded on the image, and why.
OTHERWISE: dict[str, str] = {}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Outcome]]]:
    if spawner.current().isolation == "none":
        pytest.skip("this machine allows no namespaces")
    if reason := debian_image.missing():
        pytest.skip(reason)
    root = tmp_path_factory.mktemp("cases")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        debian_image.put(prepared.store(Project(root)), "docker.io/library/python:3.11-slim")
        with run_all(names(), root, ProjectSettings(namespace="conf", images="pull-all")) as started:
            yield started


def test_their_containers_see_the_image_alone(outcomes: dict[str, Future[Outcome]]) -> None:
    """Each of them was started on the one root folder there is, in which nothing of this machine is."""
    outcomes["exit-signal"].result(timeout=300)
    store = prepared.store(Project(Path()))
    [folder] = (path for path in (store.folder / "roots").iterdir() if path.is_dir())
    assert roots.is_held(folder)
    assert (
        not (folder / Path(__file__).relative_to("/")).exists() and (folder / "usr/bin/python3.11").exists()
    )


@pytest.mark.parametrize("name", names())
def test_a_case_ends_as_recorded_on_a_real_image(name: str, outcomes: dict[str, Future[Outcome]]) -> None:
    """Phase, nodes, messages, outputs, exit codes and logs."""
    if reason := OTHERWISE.get(name) or needs(name):
        pytest.skip(reason)
    outcome = outcomes[name].result(timeout=300)
    assert not outcome.refused
    assert outcome.differences == []
