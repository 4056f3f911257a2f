"""A Python that every container of this machine can start, wherever the tests' own environment lies."""

from argolane.containers import machine
from argolane.containers.sandbox import Container

_FOLDERS = machine.own_python_folders()
PYTHON = str(machine.own_python())


def python(code: str, *arguments: str, env: dict[str, str]) -> Container:
    """A container that runs `code`."""
    return Container("c", (PYTHON, "-c", code, *arguments), env, folders=_FOLDERS)
