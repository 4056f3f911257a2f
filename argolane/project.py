"""argolane.toml in, a Project out: where manifests are, and which image is which folder of this repository.

A project is found by walking up from the working folder. Without an argolane.toml everything still works on
files given by path; only project images are unknown then.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from argolane.errors import ManifestError
from argolane.settings import ImageSettings, ProjectSettings, RenderSettings, read

__all__ = ["FILE", "ImageSettings", "Project", "ProjectSettings", "RenderSettings", "find", "load_settings"]

FILE = "argolane.toml"


@dataclass(frozen=True)
class Project:
    """The project around a folder: its root, its settings, and the folders the machinery writes to."""

    root: Path
    settings: ProjectSettings = field(default_factory=ProjectSettings)

    @property
    def state(self) -> Path:
        """.argolane: runs, volumes, deployments."""
        return self.root / ".argolane"

    @property
    def runs(self) -> Path:
        return self.state / "runs"

    @property
    def claims(self) -> Path:
        """A folder for each persistent volume claim; they outlive the runs."""
        return self.state / "volumes"

    @property
    def cache(self) -> Path:
        """Shared by all projects of this user: Python environments by lock hash."""
        return platformdirs.user_cache_path("argolane")

    def manifest_files(self) -> list[Path]:
        """Every YAML file below the `manifests` folders of argolane.toml, sorted."""
        return sorted(
            path
            for folder in self.settings.manifests
            for path in (self.root / folder).rglob("*")
            if path.suffix in (".yaml", ".yml")
        )


def find(start: Path | None = None) -> Project:
    """The project that `start` (default: the working folder) stands in, or a bare one rooted there."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return Project(folder, load_settings(folder / FILE))
    return Project(here)


def load_settings(path: Path) -> ProjectSettings:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError([f"{path}: not valid TOML: {error}"]) from None
    return read(values, where=str(path))
