"""A model's folder in, what a training was made of out: the code's digest, the commit, the versions used.

Written beside each model by models/job.py; the digest decides whether two versions are the same.
"""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

# Shared modules that have no say in what is learned: they do not make another model of the same inputs.
_NEUTRAL = frozenset(
    f"models.{name}" for name in ("download", "errors", "export", "job", "report", "spec", "store")
)


def code_sha256(folder: Path) -> str:
    """Of what decides what is learned: the folder's code but predict.py, its lock, shared modules in use."""
    own = [path for path in folder.glob("*.py") if path.name != "predict.py"]
    used = [
        getattr(module, "__file__", None)
        for name, module in sys.modules.items()
        if name.startswith("models.") and name not in _NEUTRAL
    ]
    shared = [Path(file) for file in used if file]
    files = {path for path in (*own, *shared) if path.parent in (folder, folder.parent)}
    digest = hashlib.sha256()
    for path in sorted({*files, folder / "train.lock"}):
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{path.relative_to(folder.parent)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def commit(folder: Path) -> str | None:
    """SOURCE_COMMIT, which the workflow sets; on a laptop what git says."""
    given = os.environ.get("SOURCE_COMMIT")
    if given:
        return given
    try:
        asked = ["git", "-C", str(folder), "rev-parse", "HEAD"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def versions() -> dict[str, str]:
    """Python's, and those of the installed distributions that are imported."""
    by_module = importlib.metadata.packages_distributions()
    used = {name for module in list(sys.modules) for name in by_module.get(module, ())}
    versions = {name: importlib.metadata.version(name) for name in sorted(used, key=str.lower)}
    return {"python": platform.python_version(), **versions}
