"""A command in, the path of its program out, as Argo's emissary looks it up."""

import os
import posixpath
from pathlib import Path

from argolane.containers.sandbox import Mount
from argolane.workflow.local.pod.outputs import View


class MissingProgram(Exception):
    """There is no such program; the text is the emissary's."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f'failed to find name in PATH: exec: "{program}": {reason}')


def find_program(program: str, path: str, workdir: str, mounts: tuple[Mount, ...], tmp: Path | None) -> str:
    """The path that the container starts, and that its main sees as its own name."""
    view = View(mounts, tmp or Path("/nonexistent"))
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
