"""What reaches a unit's image: all that its code can import, however deep, and nothing of other units."""

import subprocess
from pathlib import Path

import pytest

from models.contract.spec import MODELS

TREE = (
    "models/__init__.py", "models/README.md", "models/contract/job.py", "models/runtimes/text.py",
    "models/data/mnist.py", "models/registry/rest.py", "models/other/train.py", "models/family/words.py",
    "models/family/notes.md",
    "models/family/clean/train.py", "models/family/clean/deep/far/rules.py", "models/family/tokens/train.py",
)  # fmt: skip
SHARED = {
    "models/__init__.py",
    "models/contract/job.py",
    "models/runtimes/text.py",
    "models/data/mnist.py",
    "models/registry/rest.py",
}


@pytest.mark.parametrize(
    ("unit", "own"),
    [
        ("other", {"models/other/train.py"}),
        ("family/clean", {"models/family/words.py", "models/family/clean/train.py",
                          "models/family/clean/deep/far/rules.py"}),
    ],
)  # fmt: skip
def test_an_image_has_what_its_unit_imports(tmp_path: Path, unit: str, own: set[str]) -> None:
    """What is shared, its folder with all below, and the modules of the folders above it."""
    source, image = tmp_path / "source", tmp_path / "image"
    for name in TREE:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    subprocess.run(["sh", MODELS / "collect.sh", source, unit, image], check=True)
    assert {path.relative_to(image).as_posix() for path in image.rglob("*") if path.is_file()} == SHARED | own


def test_a_folder_that_is_not_there_fails_the_build(tmp_path: Path) -> None:
    """No image without its unit."""
    done = subprocess.run(["sh", MODELS / "collect.sh", MODELS.parent, "nobody", tmp_path / "image"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode != 0
    assert "models/nobody" in done.stderr
