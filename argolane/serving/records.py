"""A manifest and what was there before in, the object to keep out: the metadata that an API server sets."""

import copy
import uuid
from typing import Any

from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import status

Object = dict[str, Any]


def made(project: Project, manifest: Object, before: Object | None, applied: Object | None) -> Object:
    """What is kept of a manifest; equal to `before` if nothing changed."""
    metadata = manifest["metadata"]
    old = before["object"]["metadata"] if before else {}
    namespace = metadata.get("namespace") or old.get("namespace") or project.settings.namespace
    if old and old["namespace"] != namespace:
        raise ArgolaneError(
            f"Deployment {metadata['name']!r} is there in namespace {old['namespace']!r}; this machine keeps "
            "one of a name. Delete it first, or leave metadata.namespace out."
        )
    given = applied if applied is not None else {k: metadata.get(k) or {} for k in ("labels", "annotations")}
    was_given = before["applied"] if before else {}
    values: Object
    fields: Object = {"name": metadata["name"], "namespace": namespace}
    for key in ("labels", "annotations"):
        if applied is not None:
            values = metadata.get(key) or {}
        else:
            # As kubectl apply: what others set stays; what an earlier manifest had and this has not, goes.
            kept = {k: v for k, v in old.get(key, {}).items() if k not in was_given.get(key, {})}
            values = kept | given[key]
        if values:
            fields[key] = values
    spec = copy.deepcopy(manifest["spec"])
    same_spec = before is not None and spec == before["object"]["spec"]
    fields |= {
        "uid": old.get("uid") or str(uuid.uuid4()),
        "creationTimestamp": old.get("creationTimestamp") or status.now(),
        "generation": old.get("generation", 0) + (not same_spec),
        "resourceVersion": old.get("resourceVersion", "1"),
    }
    found = {
        "object": {
            "apiVersion": manifest["apiVersion"],
            "kind": manifest["kind"],
            "metadata": fields,
            "spec": spec,
        },
        "applied": given,
    }
    if before and found != before:
        fields["resourceVersion"] = str(int(fields["resourceVersion"]) + 1)
    return found
