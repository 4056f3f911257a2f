"""A manifest and what was there before in, the object to keep out: the metadata that an API server sets."""

import copy
import json
import uuid
from typing import Any

from argolane.errors import ArgolaneError
from argolane.project import Project
from argolane.serving import status
from argolane.serving.store import DEPLOYMENT, SERVICE

Object = dict[str, Any]


CODE = "argolane.dev/code"


def made(
    project: Project,
    manifest: Object,
    before: Object | None,
    applied: Object | None,
    code: Object,
    *,
    namespace: str = "",
) -> Object:
    """What is kept of a manifest; equal to `before` if nothing changed.

    `code` is what its images hold. On a cluster that is a part of the spec, by the digests of the images;
    here it is kept beside it, counts as a change of it, and is told in an annotation.
    """
    metadata = manifest["metadata"]
    old = before["object"]["metadata"] if before else {}
    namespace = metadata.get("namespace") or old.get("namespace") or namespace
    namespace = namespace or project.settings.namespace
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
        if key == "annotations":
            values = {k: v for k, v in values.items() if k != CODE}
            values |= {CODE: json.dumps(code)} if code else {}
        if values:
            fields[key] = values
    if metadata.get("ownerReferences") and manifest["kind"] in (DEPLOYMENT, SERVICE):
        fields["ownerReferences"] = metadata["ownerReferences"]
    spec = copy.deepcopy(manifest["spec"])
    same_spec = (
        before is not None
        and spec == before["object"]["spec"]
        and _digests(code) == _digests(before.get("code", {}))
        # To the API server the annotations of a Deployment are a part of what is asked for.
        and (manifest["kind"] != DEPLOYMENT or _notes(fields) == _notes(before["object"]["metadata"]))
    )
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
        "code": code,
    }
    if before and found != before:
        fields["resourceVersion"] = str(int(fields["resourceVersion"]) + 1)
    return found


def _notes(metadata: Object) -> Object:
    return {key: value for key, value in metadata.get("annotations", {}).items() if key != CODE}


def _digests(code: Object) -> dict[str, str]:
    """A commit of what is the same is no change."""
    return {image: held["sha256"] for image, held in code.items()}
