"""What a step, a task, a hook or the workflow itself asks for: one template, run as one node."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argolane.workflow.local.reconciler.template.lookup import TemplateSource


@dataclass(frozen=True)
class Call:
    """Becomes the node of this name: `holder` says which template, `base` where its name is looked up.

    `deadline` is when an attempt of a retried node has to be over.
    """

    name: str
    holder: Mapping[str, Any]
    base: TemplateSource
    arguments: Mapping[str, Any] | None = None
    boundary_id: str = ""
    on_exit: bool = False
    hooked: bool = False
    retried: bool = False
    kind: str = "step"
    deadline: float | None = None
