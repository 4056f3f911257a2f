"""What is decided once in a run and holds from then on, whatever becomes of the values it was decided by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Template = Mapping[str, Any]


@dataclass
class Settled:
    """`members`: what a task, or the steps of a group, became when its loop was spread out, by node name.

    `containers`: names of the nodes of a containerSet's containers, by the id of their pod's. `attempts`: the
    template that an attempt of a retried node was made from, by the attempt's node name. `daemons`: ids of
    nodes that were daemons at some time, in the order they became so.
    """

    members: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    attempts: dict[str, Template] = field(default_factory=dict)
    containers: dict[str, list[str]] = field(default_factory=dict)
    daemons: dict[str, None] = field(default_factory=dict)
    _written: dict[str, Template] = field(default_factory=dict)

    def remember_template(self, node_id: str, template: Template) -> None:
        """The template that a node is made from, as it is written; the first one counts."""
        self._written.setdefault(node_id, template)

    def template_of(self, node_id: str) -> Template | None:
        return self._written.get(node_id)
