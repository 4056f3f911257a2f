"""What was submitted: the one workflow that runs, with everything that a runner has to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Submission:
    """Everything a runner needs, and a later one that goes on; `changed` are the parameters that were given
    another value than the workflow's own."""

    name: str
    uid: str
    created: float
    metadata: dict[str, Any]
    spec: dict[str, Any]
    others: tuple[dict[str, Any], ...] = ()
    changed: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "others": list(self.others)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Submission":
        return cls(**{**plain, "others": tuple(plain.get("others") or ())})

    def manifest(self) -> dict[str, Any]:
        """The workflow as one manifest, its template merged in."""
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {**self.metadata, "name": self.name},
            "spec": self.spec,
        }
