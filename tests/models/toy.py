"""A folder of models in, one more complete model in it out: what a user who adds a model would write."""

import shutil
from pathlib import Path

FILES = Path(__file__).with_name("toy_files")
MODELS = Path(__file__).resolve().parents[2] / "models"
SHARED = ("contract", "runtimes", "data")
IGNORED = shutil.ignore_patterns("__pycache__")


def toy_model(models: Path, *, name: str = "toy") -> Path:
    """Write the model folder `models/<name>`; `models` must be a copy of this project's, not the original.

    Its locks are those of sk_mnist, so that no packages have to be fetched for it. Four features, two
    classes, params seed, rows, distance and blur; it trains in a second.
    """
    assert models.resolve() != MODELS
    folder = models / name
    folder.mkdir()
    for file in FILES.iterdir():
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            text = text.replace("name: toy", f"name: {name}")
            (folder / file.name).write_text(text, encoding="utf-8")
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
