"""A key of `memoize` in, the outputs kept under it out: in ConfigMaps of the project, as Argo keeps them.

When a node asks for them is decided in ../reconciler/memory.py.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from argolane.kubernetes.objects import Objects
from argolane.kubernetes.times import rfc3339
from argolane.workflow.local.reconciler.errors import OperationError

_LABEL = "workflows.argoproj.io/configmap-type"


class ConfigMapMemory:
    """Entries are JSON texts in a ConfigMap's data, one a key."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def load(self, cache: str, key: str) -> Mapping[str, Any] | None:
        body = self._objects.get("ConfigMap", cache)
        if body is None:
            return None
        _check(body)
        text = (body.get("data") or {}).get(key)
        if not text:
            return None
        try:
            entry: Mapping[str, Any] = json.loads(text)
        except ValueError as error:
            raise OperationError(
                f"malformed cache entry: could not unmarshal JSON; unable to parse: {error}"
            ) from None
        return entry

    def save(self, cache: str, key: str, node_id: str, outputs: Mapping[str, Any] | None) -> None:
        now = time.time()
        entry = {
            "nodeID": node_id,
            "outputs": outputs,
            "creationTimestamp": rfc3339(now),
            "lastHitTimestamp": rfc3339(now),
        }
        body = self._objects.get("ConfigMap", cache)
        if body is None:
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": cache}}
        else:
            _check(body)
        labels = {**(body["metadata"].get("labels") or {}), _LABEL: "Cache"}
        body["metadata"] = {**body["metadata"], "labels": labels}
        body["data"] = {**(body.get("data") or {}), key: json.dumps(entry, ensure_ascii=False)}
        self._objects.put(body, now)


def _check(body: Mapping[str, Any]) -> None:
    label = (body["metadata"].get("labels") or {}).get(_LABEL)
    if label is None:
        raise OperationError(f"memoization configmap doesn't have {_LABEL} label, refusing to use it")
    if label != "Cache":
        raise OperationError(f"memoization configmap doesn't have label {_LABEL} = Cache, refusing to use it")
