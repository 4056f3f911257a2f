"""What lint has to say about one place of a manifest."""

from dataclasses import dataclass
from typing import Literal

# `local`: valid, and not for the local runner.
Severity = Literal["error", "warning", "local"]


@dataclass(frozen=True, order=True)
class Finding:
    """`where` is `file.yaml: spec.templates[2].dag.tasks[1].when`; an error would refuse or spoil a run."""

    where: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.severity}: {self.message}"
