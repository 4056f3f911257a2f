"""A container's env and envFrom in, its environment out; `$(NAME)` is expanded as Kubernetes does."""

import re
from collections.abc import Mapping
from typing import Any

from argolane.errors import ArgolaneError
from argolane.kubernetes.expansion import expand
from argolane.kubernetes.fields import FIELDS
from argolane.kubernetes.objects import Objects
from argolane.languages.values import any_string

_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_KINDS = {"configMap": "ConfigMap", "secret": "Secret"}


def build(
    container: Mapping[str, Any], base: Mapping[str, str], fields: Mapping[str, str], objects: Objects
) -> dict[str, str]:
    """The image's environment, then envFrom, then env in order, each value seeing the ones before it.

    `fields` are the pod's own: `metadata.name`, `metadata.labels['x']`, ...
    """
    own: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        own.update(_all(source, objects))
    for entry in container.get("env") or ():
        value = _value(entry, own, fields, objects)
        if value is not None:
            own[str(entry["name"])] = value
    return {**base, **own}


def _all(source: Mapping[str, Any], objects: Objects) -> dict[str, str]:
    prefix = str(source.get("prefix") or "")
    found: dict[str, str] = {}
    for key, kind in _KINDS.items():
        reference = source.get(f"{key}Ref")
        if reference is None:
            continue
        optional = bool(reference.get("optional"))
        for name, value in objects.files(kind, str(reference.get("name")), optional=optional).items():
            if _NAME.fullmatch(prefix + name):
                found[prefix + name] = _text(value)
    return found


def _value(
    entry: Mapping[str, Any], before: Mapping[str, str], fields: Mapping[str, str], objects: Objects
) -> str | None:
    source = entry.get("valueFrom")
    if source is None:
        value = entry.get("value")
        return expand(any_string(value), before) if value is not None else ""
    for key, kind in _KINDS.items():
        reference = source.get(f"{key}KeyRef")
        if reference is not None:
            name, optional = str(reference.get("name")), bool(reference.get("optional"))
            found = objects.value(kind, name, str(reference.get("key")), optional=optional)
            return None if found is None else _text(found)
    if source.get("fieldRef") is not None:
        path = str(source["fieldRef"].get("fieldPath"))
        if path not in fields and not FIELDS.fullmatch(path):
            raise ArgolaneError(
                f"env {entry['name']!r}: fieldPath {path!r} is not known here; there are "
                f"{', '.join(sorted(f for f in fields if '[' not in f))} and metadata.labels['x']."
            )
        return fields.get(path, "")
    return ""


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
