"""What became of a run, here or on a cluster."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """`status` is Argo's `.status`; `folder` is the record of a local run."""

    name: str
    phase: str
    message: str = ""
    status: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
