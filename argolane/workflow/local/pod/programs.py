"""A container to start in, the same with the path of its program out, as Argo's emissary looks it up."""

import os
import posixpath
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from argolane.containers.container import Container, EngineImage
from argolane.containers.oci import scoped
from argolane.workflow.local.pod.outputs import View


class MissingProgram(Exception):
    """There is no such program; the text is the emissary's."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"failed to find name in PATH: {reason}")


def _missing(program: str, reason: str) -> MissingProgram:
    return MissingProgram(f'exec: "{program}": {reason}')


def found(container: Container) -> Container:
    """Its command with the path that is started, and that its main sees as its own name."""
    if not container.argv or isinstance(container.image, EngineImage):
        return container  # what an engine's image has, that engine sees
    root = container.image
    program, *arguments = container.argv
    view = View((*container.mounts, *container.folders), container.tmp or Path("/nonexistent"))
    path, workdir = container.env.get("PATH", ""), str(container.workdir)

    def there(full: str) -> Path:
        if root is None:
            return view.locate(full) or Path(full)
        return view.locate(full) or scoped.locate(root.folder, full) or Path("/nonexistent")

    return replace(container, argv=(_find(program, path, workdir, there), *arguments))


def _find(program: str, path: str, workdir: str, there: Callable[[str], Path]) -> str:
    if "/" in program:
        full = posixpath.join(workdir, program)
        file = there(full)
        if file.is_symlink():  # It may lead into a mount, where this process does not see it.
            return program
        if not file.exists():
            raise _missing(program, f"stat {program}: no such file or directory")
        if file.is_dir():
            raise _missing(program, "is a directory")
        if not os.access(file, os.X_OK):
            raise _missing(program, "permission denied")
        return program
    for folder in path.split(":"):
        full = posixpath.join(folder or workdir, program)
        file = there(full)
        if os.access(file, os.X_OK) and not file.is_dir():
            return full
    raise _missing(program, "executable file not found in $PATH")
