"""A container's env and envFrom in, its environment out; `$(NAME)` is expanded as Kubernetes does."""

import re
from collections.abc import Mapping
from typing import Any

from argolane.errors import ArgolaneError
from argolane.kubernetes.expansion import expand
from argolane.kubernetes.objects import Objects
from argolane.kubernetes.volumes import missing
from argolane.languages.values import any_string

_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
# Fields that a fieldRef may name; a label that the pod does not have is empty.
FIELDS = re.compile(
    r"metadata\.(labels|annotations)\['[^']+'\]|metadata\.(name|namespace|uid)"
    r"|spec\.(nodeName|serviceAccountName)|status\.(podIP|hostIP)"
)


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
    for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        reference = source.get(key)
        if reference is None:
            continue
        data = objects.data(kind, str(reference.get("name")))
        if data is None:
            if reference.get("optional"):
                continue
            raise ArgolaneError(missing(kind, str(reference.get("name")), objects))
        for name, value in data.items():
            if _NAME.fullmatch(prefix + name):
                found[prefix + name] = value.decode("utf-8", "surrogateescape")
    return found


def _value(
    entry: Mapping[str, Any], before: Mapping[str, str], fields: Mapping[str, str], objects: Objects
) -> str | None:
    source = entry.get("valueFrom")
    if source is None:
        value = entry.get("value")
        return expand(any_string(value), before) if value is not None else ""
    for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        reference = source.get(key)
        if reference is not None:
            return _key(kind, reference, objects)
    if source.get("fieldRef") is not None:
        path = str(source["fieldRef"].get("fieldPath"))
        if path not in fields and not FIELDS.fullmatch(path):
            raise ArgolaneError(f"env: the local runner has no field {path!r} for a fieldRef")
        return fields.get(path, "")
    return ""


def _key(kind: str, reference: Mapping[str, Any], objects: Objects) -> str | None:
    name, key = str(reference.get("name")), str(reference.get("key"))
    data = objects.data(kind, name)
    if data is None or key not in data:
        if reference.get("optional"):
            return None
        if data is None:
            raise ArgolaneError(missing(kind, name, objects))
        raise ArgolaneError(f"{kind} '{name}' has no key '{key}'; there are: {', '.join(sorted(data))}")
    return data[key].decode("utf-8", "surrogateescape")
