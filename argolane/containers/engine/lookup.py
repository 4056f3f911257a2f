"""A program that an engine's container was to run in, why it could not out: in the words of Go's exec.

The engine's init ends with a code that a program may end with as well, so the container is looked into.
"""

import posixpath

from argolane.containers.engine.client import Engine, EngineError, ask

# Of the engine's init when there is nothing to run: tini's and catatonit's.
SUSPICIOUS = {"docker": (126, 127), "podman": (1, 126, 127)}
_TYPE, _FOLDER = 156, "5"  # of an entry of a tar


def missing(engine: Engine, name: str, program: str, *, path: str, workdir: str) -> str:
    """'' when it is there."""
    if "/" in program:
        kind = _kind(engine, name, posixpath.join(workdir, program))
        if kind is None:
            return f'exec: "{program}": stat {program}: no such file or directory'
        return f'exec: "{program}": is a directory' if kind == _FOLDER else ""
    for folder in path.split(":"):
        if _kind(engine, name, posixpath.join(folder or workdir, program)) not in (None, _FOLDER):
            return ""
    return f'exec: "{program}": executable file not found in $PATH'


def _kind(engine: Engine, name: str, path: str) -> str | None:
    """That of the entry which its archive begins with; None when nothing is there."""
    try:
        archive = ask(engine, "cp", f"{name}:{path}", "-")
    except EngineError:
        return None
    return archive[_TYPE : _TYPE + 1]
