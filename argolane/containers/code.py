"""The folder of a project image in, what its containers run out: a digest of the code, and its origin.

On a cluster the digest of an image says which code a container runs. Here containers run the project's own
files: those of the image's folder, its lock, and the modules of the project that they import, however far.
"""

import ast
import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# A larger file is a data set or weights: told apart by size and time, not by content.
_LARGE = 32 * 2**20
_NO_CODE = (".pyc", ".ipynb")
_GIT_SECONDS = 20


@dataclass(frozen=True)
class Code:
    """`commit` is None outside git; `dirty`: a file differs from it, or is unknown to it."""

    sha256: str
    commit: str | None = None
    dirty: bool | None = None

    def told(self) -> dict[str, Any]:
        """What is known of it, as plain data."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def of(root: Path, folder: Path, lock: Path | None, settings: Any) -> Code:
    """The code of an image whose `[[image]]` table says `settings`."""
    own = {*_files(folder), *([lock] if lock else [])}
    files = sorted(own | _imported(own, root))
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for path in files:
        digest.update(f"\n{path.relative_to(root).as_posix()} ".encode() + _content(path))
    return Code(digest.hexdigest(), *_origin(root, files))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__pycache__")) or path.suffix in _NO_CODE:
            continue
        if path.is_dir():
            if not path.is_symlink():
                yield from _files(path)
        elif path.is_file():
            yield path


def _content(path: Path) -> bytes:
    found = path.stat()
    if found.st_size > _LARGE:
        return f"{found.st_size} {found.st_mtime_ns}".encode()
    return hashlib.sha256(path.read_bytes()).digest()


def _imported(files: Iterable[Path], root: Path) -> set[Path]:
    """The modules below `root` that the files import, and those that these import."""
    waiting = [path for path in files if path.suffix == ".py"]
    seen = set(waiting)
    while waiting:
        for name in _names(waiting.pop(), root):
            place = root.joinpath(*name.split("."))
            found = next((p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()), None)
            if found and found not in seen:
                seen.add(found)
                waiting.append(found)
    return seen


def _names(file: Path, root: Path) -> Iterator[str]:
    """Every dotted name that may be a module and is imported somewhere in the file."""
    package = file.relative_to(root).parts[:-1]
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        # Its container will say so.
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [base, *(f"{base}.{name.name}" for name in node.names)]
        else:
            continue
        for name in names:
            parts = [part for part in name.split(".") if part]
            yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _origin(root: Path, files: list[Path]) -> tuple[str | None, bool | None]:
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit, bool(_git(root, "status", "--porcelain", "--ignored", "--", *map(str, files)))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(root: Path, *arguments: str) -> str:
    asked = ["git", "-C", str(root), *arguments]
    answer = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=_GIT_SECONDS)
    return answer.stdout.strip()
