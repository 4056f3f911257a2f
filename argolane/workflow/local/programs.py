"""A command in, why its program cannot be found out."""

import os
import posixpath
from pathlib import Path

from argolane.containers.sandbox import Mount
from argolane.workflow.local.outputs import View


def missing_program(
    program: str, path: str, workdir: str, mounts: tuple[Mount, ...], tmp: Path | None
) -> str:
    """Why a program cannot be found, in the words of Argo's emissary; '' when it can."""
    view = View(mounts, tmp or Path("/nonexistent"))
    if "/" in program:
        full = posixpath.join(workdir, program)
        file = view.locate(full) or Path(full)
        if file.is_symlink():
            return ""
        if not file.exists():
            return (
                f'failed to find name in PATH: exec: "{program}": stat {program}: no such file or directory'
            )
        if file.is_dir():
            return f'failed to find name in PATH: exec: "{program}": is a directory'
        if not os.access(file, os.X_OK):
            return f'failed to find name in PATH: exec: "{program}": permission denied'
        return ""
    for folder in path.split(":"):
        full = posixpath.join(folder or workdir, program)
        if os.access(view.locate(full) or full, os.X_OK):
            return ""
    return f'failed to find name in PATH: exec: "{program}": executable file not found in $PATH'
