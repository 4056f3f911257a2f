"""A container to start in, the same with the path of its program out, as Argo's emissary looks it up."""

import os
import posixpath
from dataclasses import replace
from pathlib import Path

from argolane.containers.sandbox import Container
from argolane.workflow.local.pod.outputs import View


class MissingProgram(Exception):
    """There is no such program; the text is the emissary's."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f'failed to find name in PATH: exec: "{program}": {reason}')


def found(container: Container) -> Container:
    """Its command with the path that is started, and that its main sees as its own name."""
    if not container.argv:
        return container
    program, *arguments = container.argv
    view = View((*container.mounts, *container.folders), container.tmp or Path("/nonexistent"))
    path, workdir = container.env.get("PATH", ""), str(container.workdir)
    return replace(container, argv=(_find(program, path, workdir, view), *arguments))


def _find(program: str, path: str, workdir: str, view: View) -> str:
    if "/" in program:
        full = posixpath.join(workdir, program)
        file = view.locate(full) or Path(full)
        if file.is_symlink():  # It may lead into a mount, where this process does not see it.
            return program
        if not file.exists():
            raise MissingProgram(program, f"stat {program}: no such file or directory")
        if file.is_dir():
            raise MissingProgram(program, "is a directory")
        if not os.access(file, os.X_OK):
            raise MissingProgram(program, "permission denied")
        return program
    for folder in path.split(":"):
        full = posixpath.join(folder or workdir, program)
        file = view.locate(full) or Path(full)
        if os.access(file, os.X_OK) and not file.is_dir():
            return full
    raise MissingProgram(program, "executable file not found in $PATH")
