"""A unit's folder in, what a training is made of out: the code's digest, the commit, the versions used.

Written into version.json by job.py; the digest decides whether two versions are the same.
"""

import ast
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# Files of a unit's folder that have no say in what is learned: what serves, what is said of it, what its
# locks are made from. Params are compared by themselves.
_NEUTRAL_FILES = frozenset(
    {
        "model.yaml",
        "predict.py",
        "serve.R",
        "Dockerfile",
        "request.json",
        "README.md",
        "train.in",
        "runtime.in",
        "runtime.lock",
        "unit.in",
    }
)
# Nor have what all trainings share, what serves, what only fetches, and what tells others of a version.
_NEUTRAL_MODULES = ("models.contract.", "models.runtimes.", "models.data.download.", "models.registry.")


def code_sha256(folder: Path, models: Path) -> str:
    """Of what decides what is learned: the unit's files, however deep, and the modules of ours they import.

    Found in the source, not among what happens to be imported so far. Another unit's folder inside this one
    is no part of it.
    """
    own = set(_own(folder))
    files = own | _imported({path for path in own if path.suffix == ".py"}, models)
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(models).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _own(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith((".", "__pycache__")) or path.suffix in (".ipynb", ".pyc"):
            continue
        if path.is_dir():
            if not (path / "model.yaml").exists():
                yield from _own(path)
        elif path.name not in _NEUTRAL_FILES:
            yield path


def _imported(files: set[Path], models: Path) -> set[Path]:
    """The modules below `models` that the files import, and those that these import."""
    seen, waiting = set(files), list(files)
    while waiting:
        for name in _names(waiting.pop(), models):
            if f"{name}.".startswith(_NEUTRAL_MODULES):
                continue
            place = models.parent.joinpath(*name.split("."))
            found = next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()), None)
            if found and found not in seen:
                seen.add(found)
                waiting.append(found)
    return seen


def _names(file: Path, models: Path) -> Iterator[str]:
    """Every dotted name below `models` that may be a module and is imported somewhere in the file."""
    package = file.relative_to(models.parent).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [base, *(f"{base}.{name.name}" for name in node.names)]
        else:
            continue
        for name in names:
            if name.startswith("models."):
                parts = name.split(".")
                yield from (".".join(parts[:end]) for end in range(2, len(parts) + 1))


def commit(folder: Path) -> tuple[str | None, bool | None]:
    """(commit, whether the folder differs from it): SOURCE_COMMIT, which workflows set, or what git says."""
    given = os.environ.get("SOURCE_COMMIT")
    if given:
        return given, False
    try:
        return _git(folder, "rev-parse", "HEAD"), bool(_git(folder, "status", "--porcelain", "--", "."))
    except (OSError, subprocess.CalledProcessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    asked = ["git", "-C", str(folder), *arguments]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def versions() -> dict[str, str]:
    """Python's, and those of the installed distributions that are imported."""
    by_module = importlib.metadata.packages_distributions()
    used = {name for module in list(sys.modules) for name in by_module.get(module, ())}
    versions = {name: importlib.metadata.version(name) for name in sorted(used, key=str.lower)}
    return {"python": platform.python_version(), **versions}
