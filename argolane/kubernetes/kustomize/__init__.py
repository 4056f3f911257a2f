"""A folder with a kustomization.yaml in, the documents that it makes out.

`kustomize`, or the one in `kubectl`, does it where there is one on PATH; else our own reader of the fields
that most kustomizations use (target.py): it gives the same documents, and refuses other fields by name.
"""

import os
from pathlib import Path

from argolane.errors import ManifestError
from argolane.kubernetes.kustomize import installed
from argolane.manifest import Document

__all__ = ["PREPARE", "build", "build_here"]

PREPARE = "prepare"
"""By convention a program beside a kustomization.yaml: it writes what is not committed, such as keys."""


def build(folder: Path) -> list[Document]:
    """What `kustomize build` makes of it, a Component alone included; ManifestError with what is wrong."""
    command = installed.command()
    try:
        return build_here(folder) if command is None else installed.build(command, folder)
    except ManifestError as error:
        if not os.access(folder / PREPARE, os.X_OK):
            raise
        hint = f"If a file is missing, {folder / PREPARE} may be what writes it: run it once."
        raise ManifestError([*error.faults, hint]) from None


def build_here(folder: Path) -> list[Document]:
    """The same without the program."""
    from argolane.kubernetes.kustomize.target import build as built

    bodies = built(folder)
    several = len(bodies) > 1
    return [
        Document(body, folder, f"{folder}, document {number}" if several else str(folder))
        for number, body in enumerate(bodies, 1)
    ]
