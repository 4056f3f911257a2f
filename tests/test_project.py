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


def test_no_settings_is_a_bare_project(tmp_path: Path) -> None:
    """Without argolane.toml the working folder is the project, and it has no images."""
    assert project.find(tmp_path) == project.Project(tmp_path)


def test_all_faults_of_the_settings_are_told_at_once(tmp_path: Path) -> None:
    """Unknown keys and wrong types are listed together, by key."""
    (tmp_path / "argolane.toml").write_text('manifests = "m"\nmanifest = ["m"]\n[[image]]\nname = "x"\n')
    with pytest.raises(ManifestError) as error:
        project.find(tmp_path)
    text = str(error.value)
    assert "manifests is 'm'" in text
    assert "manifest is ['m']" in text
    assert "image.0.folder" in text


def test_text_that_is_no_toml_is_told(tmp_path: Path) -> None:
    """A syntax error names the file."""
    (tmp_path / "argolane.toml").write_text("= 1")
    with pytest.raises(ManifestError, match=r"argolane\.toml: not valid TOML"):
        project.find(tmp_path)
