"""The kustomize that this machine has in, its documents out."""

import shutil
import subprocess
from pathlib import Path

from argolane.errors import ManifestError
from argolane.manifest import Document, parse

_SECONDS = 120


def command() -> list[str] | None:
    """How it is called; None where there is none."""
    if found := shutil.which("kustomize"):
        return [found, "build"]
    if found := shutil.which("kubectl"):
        return [found, "kustomize"]
    return None


def build(command: list[str], folder: Path) -> list[Document]:
    """ManifestError with its own words."""
    try:
        done = subprocess.run(
            [*command, str(folder)], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ManifestError([f"{folder}: {command[0]} did not end within {_SECONDS} s."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError([f"{folder}: {command[0]}: {error}."]) from None
    if done.returncode:
        said = done.stderr.strip().removeprefix("Error: ").removeprefix("error: ")
        raise ManifestError([f"{folder}: {' '.join([Path(command[0]).name, *command[1:]])}: {said}"])
    # A Component alone may change things and make none.
    return parse(done.stdout, folder, where=str(folder)) if done.stdout.strip() else []
