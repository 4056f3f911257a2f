"""A path such as `spec/template/spec/containers/image` in, the places in a body that it means out.

Lists on the way are gone through, all their entries.
"""

from collections.abc import Iterator
from typing import Any

Place = tuple[dict[str, Any], str]
"""A mapping and a key of it, which it may lack."""

# Where each kind has its pod.
POD_TEMPLATES = {
    "Pod": "",
    "ReplicationController": "spec/template",
    "Deployment": "spec/template",
    "ReplicaSet": "spec/template",
    "DaemonSet": "spec/template",
    "StatefulSet": "spec/template",
    "Job": "spec/template",
    "CronJob": "spec/jobTemplate/spec/template",
    "PodTemplate": "template",
}


def places(body: Any, path: str, *, create: bool = False) -> Iterator[Place]:
    """`create`: mappings that are not there are made on the way; else such a place is none."""
    first, _, rest = path.partition("/")
    if isinstance(body, list):
        for entry in body:
            yield from places(entry, path, create=create)
    elif isinstance(body, dict):
        if not rest:
            if create or first in body:
                yield body, first
            return
        if create and body.get(first) is None:
            body[first] = {}
        if first in body:
            yield from places(body[first], rest, create=create)


def merge_at(body: Any, path: str, entries: dict[str, str], *, create: bool) -> None:
    """Add entries to the mapping at a path."""
    for holder, key in places(body, path, create=create):
        if isinstance(holder.get(key), dict):
            holder[key].update(entries)
        elif create and holder.get(key) is None:
            holder[key] = dict(entries)
