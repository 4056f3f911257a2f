"""Adding a model touches one folder: docs/adding-a-model.md, done by a test."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Command
from tests.models.toy import toy_model

# In `make test` a new model goes this way in test_foreign_units.py.
pytestmark = [pytest.mark.heavy, pytest.mark.environments, pytest.mark.timeout(500)]


@pytest.fixture(scope="module")
def toy(checkout: Path, argolane: Command) -> Path:
    """The folder of the new model, with the manifests rendered again."""
    folder = toy_model(checkout / "models")
    argolane("render")
    return folder


def test_a_new_folder_has_workflows_and_nothing_else_changes(
    toy: Path, checkout: Path, argolane: Command
) -> None:
    """`render` writes the files of the new model, and every other rendered file stays as it was."""
    assert {"train-toy", "serve-toy"} <= {line.split()[0] for line in argolane("list").stdout.splitlines()}
    for folder in ("workflows/rendered", "k8s_serving/rendered"):
        for file in (ROOT / folder).glob("*.yaml"):
            # The one lists all files, the other has a request of every unit.
            if file.name not in ("kustomization.yaml", "load.template.yaml"):
                assert (checkout / folder / file.name).read_text() == file.read_text(), file.name


def test_the_new_model_is_trained_served_and_asked(toy: Path, checkout: Path, argolane: Command) -> None:
    """Train, serve and predict by name; a param of its model.yaml is a parameter of its workflow."""
    argolane("run", "train-toy", "-p", "seed=3")
    [version] = (checkout / ".argolane" / "volumes" / "model-store" / "toy").iterdir()
    assert json.loads((version / "version.json").read_text())["params"]["seed"] == 3
    argolane("run", "serve-toy")
    answer = json.loads(argolane("predict", "toy", "--request", "models/toy/request.json").stdout)
    assert answer["meta"]["tags"]["model"] == "toy"
    argolane("delete", "deployment", "toy")


def test_a_model_that_is_not_good_enough_is_not_served(toy: Path, argolane: Command) -> None:
    """The gate fails the run below accept, names both numbers, and nothing is deployed."""
    failed = argolane("run", "train-toy", "-p", "version=bad", "-p", "accept=1", "-p", "seed=4",
                      "-p", "distance=0.1", status=1)  # fmt: skip
    assert "accept is at least 1." in failed.stdout
    failed = argolane("run", "serve-toy", "-p", "version=never-trained", status=1)
    assert "No version 'never-trained' of toy in the model store" in failed.stdout
    assert "toy" not in argolane("get", "deployments").stdout
