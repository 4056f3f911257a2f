"""What a training is made of: a change to anything that has a say in it makes another version."""

import subprocess
from pathlib import Path

import pytest

from models.contract import lineage
from models.contract.spec import MODELS


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """models/toy, which imports a data set and a module of another unit, some of it inside a function."""
    written = {
        "contract/job.py": "",
        "data/toys.py": "from models.data.download import fetch\n",
        "data/download.py": "",
        "data/others.py": "",
        "other/words.py": "from models.other import letters\n",
        "other/letters.py": "",
        "other/model.yaml": "",
        "toy/model.yaml": "",
        "toy/train.lock": "",
        "toy/predict.py": "from models.data import others\n",
        "toy/train.py": "from models.contract.job import run\nfrom models.data import toys\n"
        "def main(job):\n    from models.other import words\n    from . import deep\n",
        "toy/deep/__init__.py": "",
        "toy/deep/far/rules.py": "",
        "toy/deep/words.txt": "",
        "toy/inner/model.yaml": "",
        "toy/inner/train.py": "",
    }
    for name, text in written.items():
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "models"


@pytest.mark.parametrize(
    "name",
    [
        "toy/train.py", "toy/train.lock", "toy/new.py", "toy/deep/__init__.py", "toy/deep/far/rules.py",
        "toy/deep/words.txt", "data/toys.py", "other/words.py", "other/letters.py",
    ],
)  # fmt: skip
def test_what_decides_changes_the_digest(models: Path, name: str) -> None:
    """The unit's files however deep, data files too, and what they import of ours, wherever."""
    before = lineage.code_sha256(models / "toy", models)
    with (models / name).open("a") as file:
        file.write("\n")
    assert lineage.code_sha256(models / "toy", models) != before


@pytest.mark.parametrize(
    "name",
    [
        "toy/predict.py", "toy/request.json", "toy/model.yaml", "toy/README.md", "toy/runtime.lock",
        "toy/look.ipynb", "toy/__pycache__/train.pyc", "toy/inner/train.py", "data/others.py",
        "data/download.py", "contract/job.py",
    ],
)  # fmt: skip
def test_what_has_no_say_does_not(models: Path, name: str) -> None:
    """What serves or describes, a unit inside this one, data it does not use, what all units share."""
    before = lineage.code_sha256(models / "toy", models)
    (models / name).parent.mkdir(exist_ok=True)
    with (models / name).open("a") as file:
        file.write("\n")
    assert lineage.code_sha256(models / "toy", models) == before


def test_the_digest_does_not_depend_on_what_is_imported(models: Path) -> None:
    """Found in the source: the same in any process, and in any place on the disk."""
    moved = models.parent / "elsewhere" / "models"
    moved.parent.mkdir()
    before = lineage.code_sha256(models / "toy", models)
    models.rename(moved)
    assert lineage.code_sha256(moved / "toy", moved) == before


def test_the_mnist_models_are_made_of_their_data_set() -> None:
    """models/data/mnist.py, imported by both, is part of what they are."""
    own = {MODELS / "sk_mnist/train.py"}
    assert MODELS / "data/mnist.py" in lineage._imported(own, MODELS)


def test_the_commit_is_the_workflows_or_gits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SOURCE_COMMIT wins; outside of a repository there is none; what is not committed is told."""
    monkeypatch.delenv("SOURCE_COMMIT", raising=False)
    assert lineage.commit(tmp_path) == (None, None)
    (tmp_path / "file").write_text("1")
    for arguments in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -q -m one"):
        subprocess.run(["git", "-C", str(tmp_path), *arguments.split()], check=True)
    commit, dirty = lineage.commit(tmp_path)
    assert commit and len(commit) == 40
    assert dirty is False
    (tmp_path / "file").write_text("2")
    assert lineage.commit(tmp_path) == (commit, True)
    monkeypatch.setenv("SOURCE_COMMIT", "abc")
    assert lineage.commit(tmp_path) == ("abc", False)
