"""argolane.project finds and checks argolane.toml."""

from pathlib import Path

import pytest

from argolane import project
from argolane.errors import ManifestError


def test_a_project_is_found_from_a_folder_below(tmp_path: Path) -> None:
    """The nearest argolane.toml upwards is the project's."""
    (tmp_path / "argolane.toml").write_text('manifests = ["m"]')
    (tmp_path / "a" / "b").mkdir(parents=True)
    found = project.find(tmp_path / "a" / "b")
    assert found.root == tmp_path
    assert found.settings.manifests == ["m"]
    assert found.settings.limits


def test_no_settings_is_a_bare_project(tmp_path: Path) -> None:
    """Without argolane.toml the working folder is the project, and it has no images."""
    assert project.find(tmp_path) == project.Project(tmp_path)


def test_all_faults_of_the_settings_are_told_at_once(tmp_path: Path) -> None:
    """Unknown keys and wrong types are listed together, by key."""
    (tmp_path / "argolane.toml").write_text(
        'manifests = "m"\nmanifest = ["m"]\nlimits = 1\n[[image]]\nfolder = "x"\nlock = 3\nenv = {A = 1}\n'
    )
    with pytest.raises(ManifestError) as error:
        project.find(tmp_path)
    file = tmp_path / "argolane.toml"
    assert sorted(error.value.faults) == [
        f"{file}: No key 'manifest'. Did you mean 'manifests'?",
        f"{file}: image.0.env.A is 1; expected text.",
        f"{file}: image.0.lock is 3; expected text.",
        f"{file}: image.0.name is missing; expected text.",
        f"{file}: limits is 1; expected true or false.",
        f"{file}: manifests is 'm'; expected a list of texts.",
    ]


def test_an_image_table_is_read(tmp_path: Path) -> None:
    """Every key of a table, in the types it is written in; what is left open has a default."""
    (tmp_path / "argolane.toml").write_text(
        'namespace = "n"\n[render]\nprograms = ["p"]\n'
        '[[image]]\nname = "x"\nfolder = "f"\nlock = "l"\ncommand = ["c"]\nenv = {A = "1"}\n'
    )
    settings = project.find(tmp_path).settings
    assert (settings.namespace, settings.render.programs, settings.manifests) == ("n", ["p"], [])
    assert settings.image == [
        project.ImageSettings(name="x", folder="f", lock="l", command=["c"], env={"A": "1"})
    ]


def test_text_that_is_no_toml_is_told(tmp_path: Path) -> None:
    """A syntax error names the file."""
    (tmp_path / "argolane.toml").write_text("= 1")
    with pytest.raises(ManifestError, match=r"argolane\.toml: not valid TOML"):
        project.find(tmp_path)
