"""A folder of models in, one more complete model in it out: what a user who adds a model would write."""

import shutil
from pathlib import Path

from argolane import new
from argolane.project import Project, ProjectSettings
from argolane.settings import NewModelSettings, NewSettings

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "models"
TEMPLATES = HERE.parents[1] / "templates" / "model"
SHARED = ("contract", "runtimes", "data", "registry")
IGNORED = shutil.ignore_patterns("__pycache__")


def toy_model(models: Path, *, name: str = "toy") -> Path:
    """Write the folder `models/<name>` of a unit; `models` must be a copy, not the original.

    Four features, two classes, params seed, rows, distance and blur; it trains in a second.
    """
    folder = _new(models, HERE / "toy_files", name)
    text = (folder / "model.yaml").read_text(encoding="utf-8")
    (folder / "model.yaml").write_text(text.replace("name: toy", f"name: {name}"), encoding="utf-8")
    return folder


def new_unit(models: Path, name: str, kind: str) -> Path:
    """What `argolane new model NAME --like KIND` writes below `models`; its locks are those of sk_mnist."""
    assert models.resolve() != MODELS
    templates = NewModelSettings(templates=str(TEMPLATES), folder=str(models))
    return new.model(Project(models.parent, ProjectSettings(new=NewSettings(model=templates))), name, kind)


def _new(models: Path, unit: Path, name: str) -> Path:
    """Copy the folder `unit` below `models`, with the locks of sk_mnist: no packages are fetched for it."""
    assert models.resolve() != MODELS
    folder = models / name
    shutil.copytree(unit, folder, ignore=IGNORED)
    for lock in ("train.lock", "runtime.lock"):
        shutil.copy(MODELS / "sk_mnist" / lock, folder)
    return folder


def copy_of_models(root: Path) -> Path:
    """`root/models`: what the models share, and no model."""
    (root / "models").mkdir()
    shutil.copy(MODELS / "__init__.py", root / "models")
    for package in SHARED:
        shutil.copytree(MODELS / package, root / "models" / package, ignore=IGNORED)
    return root / "models"
