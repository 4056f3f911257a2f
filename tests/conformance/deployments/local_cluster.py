"""A folder and a namespace in, this machine's own API server that plays cases out.

What the local runner says of a pod is put into the words of the API server, as far as it says it.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from snapshot import View

from argolane.errors import ArgolaneError
from argolane.serving.apiserver import ApiServer
from argolane.serving.ports import HOST
from argolane.serving.store import DEPLOYMENT, SERVICE, Store, names, project_at

_PLURAL = {"Deployment": "deployment.apps", "PersistentVolumeClaim": "persistentvolumeclaim"}
_RUNS, _ENDED = ("Running", "ContainersNotReady"), ("CrashLoopBackOff", "Error")


class LocalCluster:
    """A project of its own; what was started in it ends with it."""

    settled, every = 0.3, 0.15

    def __init__(self, root: Path, namespace: str, *, within: float) -> None:
        self.namespace, self.within = namespace, within
        root.mkdir(parents=True, exist_ok=True)
        # Supervisors read it: they are processes of their own.
        (root / "argolane.toml").write_text(f'namespace = "{namespace}"\n', encoding="utf-8")
        self.project = project_at(root)
        self.api = ApiServer(self.project, say=lambda _: None)

    def __enter__(self) -> "LocalCluster":
        return self

    def __exit__(self, *_: object) -> None:
        for kind in ("Service", "Deployment"):
            for body in self.api.list(kind):
                self.api.delete(kind, body["metadata"]["name"])

    def change(self, verb: str, what: Any) -> dict[str, Any]:
        try:
            return {"said": "\n".join(getattr(self, f"_{verb}")(what))}
        except ArgolaneError as error:
            return {"refused": str(error)}

    def _apply(self, what: Any) -> Iterator[str]:
        for document in what if isinstance(what, list) else [what]:
            made = self.api.apply(document)
            yield f"{_word(document['kind'])}/{document['metadata']['name']} {made.verb}"

    def _create(self, what: Any) -> Iterator[str]:
        self.api.create(what)
        yield f"{_word(what['kind'])}/{what['metadata']['name']} created"

    def _patch(self, what: Mapping[str, Any]) -> Iterator[str]:
        ((target, change),) = what.items()
        kind, name = target.split("/")
        self.api.patch(kind.capitalize(), name, change, strategy="strategic")
        yield f"{_word(kind.capitalize())}/{name} patched"

    def _scale(self, what: Mapping[str, int]) -> Iterator[str]:
        ((name, replicas),) = what.items()
        self.api.patch("Deployment", name, {"spec": {"replicas": replicas}})
        yield f"deployment.apps/{name} scaled"

    def _delete(self, target: str) -> Iterator[str]:
        kind, name = target.split("/")
        if not self.api.delete(kind.capitalize(), name):
            raise ArgolaneError(f"{target} not found")
        yield f'{_word(kind.capitalize())} "{name}" deleted'

    def view(self) -> View:
        deployments = self.api.list("Deployment")
        kept = [body["metadata"]["name"] for body in deployments]
        told = [(name, pod) for name in kept for pod in self.api.pods("Deployment", name)]
        pods = [_pod(pod) for _, pod in told]
        return View(
            deployments=deployments,
            replica_sets=[_replica_set(name, pod) for name, pod in told],
            pods=pods,
            slices=[self._slice(body) for body in self.api.list("Service")],
            columns={pod["name"]: _column(pod) for _, pod in told},
        )

    def _slice(self, service: Mapping[str, Any]) -> dict[str, Any]:
        """Who the Service says is ready; whom its selector takes beside them."""
        name, selector = service["metadata"]["name"], service["spec"].get("selector") or {}
        ready = [line.split()[0] for line in self._said(SERVICE, name).get("endpoints") or ()]
        known = [
            e
            for d in names(self.project, DEPLOYMENT)
            for e in self._said(DEPLOYMENT, d).get("endpoints") or ()
        ]
        taken = [e["pod"] for e in known if selector.items() <= e["labels"].items() and not e["leaving"]]
        endpoints = [
            {"conditions": {"ready": pod in ready}, "targetRef": {"name": pod}}
            for pod in dict.fromkeys([*ready, *taken])
        ]
        return {"metadata": {"labels": {"kubernetes.io/service-name": name}}, "endpoints": endpoints}

    def _said(self, kind: str, name: str) -> dict[str, Any]:
        return Store(self.project, name, kind).status() or {}

    def address(self, service: str, port: int) -> tuple[str, int]:
        return HOST, port

    def statuses(self, deployment: str, stop: threading.Event) -> Iterator[Mapping[str, Any]]:
        while not stop.is_set():
            yield (self.api.get("Deployment", deployment) or {}).get("status") or {}
            time.sleep(0.03)


def _word(kind: str) -> str:
    return _PLURAL.get(kind, kind.lower())


def _replica_set(deployment: str, pod: Mapping[str, Any]) -> dict[str, Any]:
    name = pod["name"].rpartition("-")[0]
    return {"metadata": {"name": name, "creationTimestamp": "", "ownerReferences": [{"name": deployment}]}}


def _pod(pod: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {init: [c for c in pod["containers"] if c["init"] is init] for init in (True, False)}
    statuses = {init: [_container(c) for c in some] for init, some in kinds.items()}
    begun = any(
        "running" in c["state"] or c["restartCount"] or "terminated" in c["state"] for c in statuses[False]
    )
    return {
        "metadata": {"name": pod["name"], "ownerReferences": [{"name": pod["name"].rpartition("-")[0]}]},
        "status": {
            "phase": "Running" if begun else "Pending",
            "containerStatuses": statuses[False],
            "initContainerStatuses": statuses[True],
        },
    }


def _container(told: Mapping[str, Any]) -> dict[str, Any]:
    reason = told["reason"].removeprefix("Init:")
    code = told["code"] if reason in _ENDED else None
    if reason in _RUNS:
        state: dict[str, Any] = {"running": {}}
    elif told["init"] and reason == "Completed":
        state = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    elif code is not None:
        state = {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}
    else:
        state = {"waiting": {"reason": reason, "message": told["message"]}}
    return {
        "name": told["name"],
        "started": told["started"] and "running" in state,
        "ready": told["ready"] or (told["init"] and "terminated" in state and code is None),
        "restartCount": told["restarts"],
        "state": state,
    }


def _column(pod: Mapping[str, Any]) -> str:
    return "Running" if pod["reason"] in _RUNS else pod["reason"]
