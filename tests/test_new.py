"""A name and a kind in, a complete folder out, or the reason why not; a folder in, a project in it out."""

import contextlib
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from argolane import new
from argolane.cli import main
from argolane.errors import ArgolaneError
from argolane.project import Project, find


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose only kind of model, `plain`, has a file of its own and two that all kinds share."""
    (tmp_path / "argolane.toml").write_text('[new.model]\ntemplates = "kinds"\nfolder = "units"\n')
    (tmp_path / "kinds/plain/more").mkdir(parents=True)
    (tmp_path / "kinds/plain/more/names.txt").write_text("@name@ @kebab@ @title@ a@b.c\n")
    (tmp_path / "kinds/plain/own.txt").write_text("own")
    (tmp_path / "kinds/own.txt").write_text("shared")
    (tmp_path / "kinds/shared.txt").write_text("shared")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def argolane(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_model_is_a_copy_with_its_name_in_it(root: Path) -> None:
    """What all kinds share comes along, what a kind has of its own wins, and nothing else is replaced."""
    done = argolane("new", "model", "two_words", "--like", "plain")
    assert (done.exit_code, done.stderr) == (0, "")
    made = {
        p.relative_to(root / "units").as_posix(): p.read_text(encoding="utf-8")
        for p in (root / "units").rglob("*.txt")
    }
    assert made == {
        "two_words/more/names.txt": "two_words two-words Two words a@b.c\n",
        "two_words/own.txt": "own",
        "two_words/shared.txt": "shared",
    }


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["fine"], 2, "What is it like? Add --like plain."),
        (["fine", "--like", "plian"], 2, "kinds: No kind of model 'plian'. Did you mean 'plain'?"),
        (["TwoWords", "--like", "plain"], 2, "Did you mean 'two_words'?"),
        (["two-words", "--like", "plain"], 2, "'two-words' is no name of a model; expected snake_case"),
        (["../up", "--like", "plain"], 2, "Did you mean 'up'?"),
        (["import", "--like", "plain"], 2, "no word of Python."),
        (["9lives", "--like", "plain"], 2, "a letter first"),
        (["a" * 41, "--like", "plain"], 2, "at most 40 letters"),
        (["there", "--like", "plain"], 1, "units/there exists; expected a new name, or remove it."),
    ],
)
def test_what_cannot_be_made_is_one_line(root: Path, arguments: list[str], status: int, message: str) -> None:
    """It says what was found and what to do, and nothing is written."""
    (root / "units/there").mkdir(parents=True)
    done = argolane("new", "model", *arguments)
    assert (done.exit_code, done.stdout) == (status, "")
    assert re.fullmatch(r"Error: .*\n", done.stderr) and message in done.stderr
    assert [path.name for path in (root / "units").iterdir()] == ["there"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("", "argolane.toml: new.model.templates is missing; expected a folder that has a folder for each"),
        ('[new.model]\ntemplates = "knids"\n', "new.model.templates is 'knids'; there is no such folder."),
        ('[new.modle]\ntemplates = "kinds"\n', "No key 'new.modle'. Did you mean 'new.model'?"),
    ],
)
def test_templates_that_are_not_there_are_told(root: Path, settings: str, message: str) -> None:
    """By the key of argolane.toml that would say where they are."""
    (root / "argolane.toml").write_text(settings)
    done = argolane("new", "model", "fine", "--like", "plain")
    assert done.exit_code == 1 and message in done.stderr


def test_half_a_model_is_none(root: Path) -> None:
    """A template whose link leads nowhere is named, and no folder is left."""
    (root / "units").mkdir()
    (root / "kinds/train.lock").symlink_to("gone.lock")
    done = argolane("new", "model", "fine", "--like", "plain")
    assert (done.exit_code, done.stderr) == (1, "Error: kinds/train.lock: No such file or directory.\n")
    assert not list((root / "units").iterdir())


def test_a_project_starts_complete(tmp_path: Path) -> None:
    """Nothing is left to render, a placeholder only in its own templates, and git ignores what runs leave."""
    project = find(new.init(tmp_path / "My First_Project"))
    for path in project.root.rglob("*"):
        if path.is_file() and path.suffix != ".pyc" and "templates" not in path.parts:
            assert not re.search(r"@\w+@", path.read_text(encoding="utf-8")), path
    assert argolane_there(project, "render", "--check") == ""
    assert ".argolane/" in (project.root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "registry.example.com/my-first-project/leaves-model:0.1" in next(
        (project.root / "workflows/rendered").iterdir()
    ).read_text(encoding="utf-8")


def argolane_there(project: Project, *arguments: str) -> str:
    with contextlib.chdir(project.root):
        done = argolane(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_project_starts_in_an_empty_folder(tmp_path: Path) -> None:
    """What is there is never written over; a repository without a file yet is empty."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(
        ArgolaneError, match=r"is not empty: it has mine\.txt\. Name a new or an empty folder"
    ):
        new.init(tmp_path)
    with pytest.raises(ArgolaneError, match=r"mine\.txt: Not a directory; expected a new or an empty folder"):
        new.init(tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "fresh/.git").mkdir(parents=True)
    assert (new.init(tmp_path / "fresh") / "argolane.toml").is_file()
