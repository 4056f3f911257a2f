"""Real images of a real registry on this machine: some of Argo's recorded cases, run on Debian's own Python.

Of the lab only its registry is used, over TLS with the lab's authority; the cases are compared with what a
real controller did.
"""

from collections.abc import Iterator
from pathlib import Path

import harness
import pytest
from lab import Lab

from argolane.project import ProjectSettings
from argolane.settings import RegistrySettings

CASES = (
    "artifact-raw-argument", "combined-train", "env-expansion", "exit-missing-program", "exit-signal",
    "init-container", "lab-outputs-file-forms", "lab-set-graph", "retry-on-failure-fields", "script-result",
    "sidecar-terminated", "volume-config-and-secret", "volume-empty-dir-per-pod",
)  # fmt: skip
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for images that begins empty."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(place))
        yield place


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_case_ends_the_same_on_a_real_image(
    lab: Lab, cache: Path, tmp_path: Path, name: str
) -> None:
    """Phases, messages, outputs and logs are those of the recording; the image is the registry's."""
    registry = RegistrySettings(
        name="docker.io", mirrors=[lab.environment["LAB_REGISTRY"]], ca=lab.environment["LAB_CA"]
    )
    settings = ProjectSettings(namespace="conf", images="pull-all", registry=[registry])
    outcome = harness.run(name, tmp_path, settings)
    assert not outcome.refused and not outcome.differences
    assert list(cache.glob("argolane/images/names/*.json"))
