"""What counts as the code of an image, and where it comes from."""

import subprocess
from pathlib import Path

import pytest

from argolane.containers import code, images
from argolane.containers.code import Code
from argolane.project import ImageSettings, Project, ProjectSettings

FILES = {
    "toy/__init__.py": "",
    "toy/predict.py": "from shared.rows import read\nfrom . import near\nimport numpy",
    "toy/near.py": "",
    "toy/words.txt": "a",
    "toy/lock": "",
    "shared/__init__.py": "",
    "shared/rows.py": "import shared.deeper",
    "shared/deeper.py": "",
    "shared/other.py": "",
    "elsewhere.py": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def found(root: Path, **settings: object) -> Code:
    return code.of(root, root / "toy", root / "toy/lock", settings)


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=n", "-c", "user.email=e@x"]
    return subprocess.check_output(["git", "-C", str(root), *who, *arguments], text=True).strip()


@pytest.mark.parametrize(
    "name",
    ["toy/predict.py", "toy/words.txt", "toy/lock", "toy/new.py", "shared/rows.py", "shared/deeper.py"],
)
def test_what_a_container_runs_is_its_code(root: Path, name: str) -> None:
    """The image's folder, its lock, and what it imports of the project, through others too."""
    before = found(root).sha256
    with (root / name).open("a") as file:
        file.write("\nX = 1\n")
    assert found(root).sha256 != before


@pytest.mark.parametrize("name", ["shared/other.py", "elsewhere.py", "toy/__pycache__/x.pyc", "toy/.notes"])
def test_what_it_does_not_run_is_not(root: Path, name: str) -> None:
    """Other modules, what Python writes itself, hidden files; and the time of a file says nothing."""
    before = found(root)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("X = 1")
    (root / "toy/predict.py").touch()
    assert found(root) == before


def test_the_image_s_own_settings_count(root: Path) -> None:
    """Another command or variable in argolane.toml is another image."""
    assert found(root, env={"A": "1"}).sha256 != found(root, env={"A": "2"}).sha256


def test_code_that_does_not_parse_is_code(root: Path) -> None:
    """Its container says what is wrong with it."""
    before = found(root).sha256
    (root / "toy/predict.py").write_text("def (")
    assert found(root).sha256 != before


def test_a_tree_is_dirty_where_its_own_files_differ(root: Path) -> None:
    """Edited, or not known to git; what other images run does not count. Outside git nothing is said."""
    assert found(root).told().keys() == {"sha256"}
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")
    commit = git(root, "rev-parse", "HEAD")
    assert (found(root).commit, found(root).dirty) == (commit, False)
    (root / "elsewhere.py").write_text("X = 1")
    assert found(root).dirty is False
    (root / "shared/deeper.py").write_text("X = 1")
    assert (found(root).commit, found(root).dirty) == (commit, True)
    git(root, "checkout", "-q", "shared/deeper.py")
    (root / "toy/new.py").write_text("")
    assert found(root).dirty is True


def test_only_images_of_the_project_have_code(root: Path) -> None:
    """Whatever their tag or digest is; a stock Python has none."""
    settings = ProjectSettings(image=[ImageSettings(name="toy-runtime", folder="toy", lock="toy/lock")])
    project = Project(root, settings)
    one, two = (images.code_of(project, f"registry.example.com/toy-runtime:{tag}") for tag in (1, 2))
    assert one is not None and one == two
    assert images.code_of(project, "python:3.11-slim") is None
