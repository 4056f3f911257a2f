"""The status of a run and the name of an output parameter in, what its nodes told under that name out."""

from collections.abc import Iterator, Mapping
from typing import Any


def told(status: Mapping[str, Any], name: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """(node, value) of each node whose output parameter `name` has a value, in the order of the nodes."""
    for node in (status.get("nodes") or {}).values():
        for parameter in (node.get("outputs") or {}).get("parameters") or ():
            if parameter.get("name") == name and parameter.get("value"):
                yield node, str(parameter["value"])
