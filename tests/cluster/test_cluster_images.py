"""Real images of a real registry on this machine: Argo's recorded cases, and a model trained in its image.

Of the lab only its registry is used, over TLS with the lab's authority; the cases are compared with what a
real controller did.
"""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from harness import Outcome, needs, run_all
from lab import ROOT, Lab
from recorded_cases import chosen
from recording import names

from argolane.containers import images
from argolane.project import Project, ProjectSettings
from argolane.settings import RegistrySettings

TRAINER = "sk-mnist-trainer:0.1"
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for images that begins empty."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(place))
        yield place


@pytest.fixture(scope="module")
def outcomes(
    lab: Lab, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Outcome]]]:
    registry = RegistrySettings(
        name="docker.io", mirrors=[lab.environment["LAB_REGISTRY"]], ca=lab.environment["LAB_CA"]
    )
    settings = ProjectSettings(namespace="conf", images="pull-all", registry=[registry])
    root = tmp_path_factory.mktemp("cases")
    images.prepare(Project(root, settings), "python:3.11-slim")  # no deadline of a case is to hold for that
    with run_all(chosen(names()), root, settings) as started:
        yield started


@pytest.mark.parametrize("name", chosen(names()))
def test_a_recorded_case_ends_the_same_on_a_real_image(
    cache: Path, outcomes: dict[str, Future[Outcome]], name: str
) -> None:
    """Phases, messages, outputs and logs are those of the recording; the image is the registry's."""
    if reason := needs(name):
        pytest.skip(reason)
    outcome = outcomes[name].result(timeout=300)
    assert not outcome.refused and not outcome.differences
    assert list(cache.glob("argolane/images/names/*.json"))


def test_a_model_is_trained_in_its_own_image(lab: Lab, cache: Path, tmp_path: Path) -> None:
    """What the lab has built of the project runs here as it does there; no environment is made for it."""
    registry, authority = lab.environment["LAB_REGISTRY"], lab.environment["LAB_CA"]
    name, _, tag = TRAINER.partition(":")
    asked = ["curl", "--silent", "--cacert", authority, f"https://{registry}/v2/kept/{name}/tags/list"]
    if f'"{tag}"' not in lab.run(*asked):
        pytest.skip(f"kept/{TRAINER} is not in the lab's registry: test_cluster_story.py builds it")
    for folder in ("models", "workflows"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    tables = f'\n[[registry]]\nname = "docker.io"\nmirrors = ["{registry}"]\nca = "{authority}"\n'
    tables += f'\n[[registry]]\nname = "{registry}"\nca = "{authority}"\n'
    (tmp_path / "argolane.toml").write_text((ROOT / "argolane.toml").read_text() + tables)
    done = subprocess.run(
        [ROOT / ".venv/bin/argolane", "run", "train-sk-mnist", "--images", "pull-all",
         "-p", f"registry={registry}/kept", "-p", f"version={tag}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Unpacked {registry}/kept/{TRAINER}" in done.stdout
    assert list((tmp_path / ".argolane").rglob("sk_mnist/0.1/version.json"))
    assert not list(cache.glob("argolane/envs/*"))
