"""A run's claims or the namespace's in, what lies in them out: `argolane volume --on argo`.

A pod of seconds mounts one claim, read-only, and is deleted at the end whatever happens. What it reads comes
by `exec`, for a pod's log is cut at some megabytes.
"""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes.stream import stream

from argolane.errors import ArgolaneError, unknown
from argolane.workflow.cluster import look
from argolane.workflow.cluster.api import Cluster, connected
from argolane.workflow.cluster.runs import find
from argolane.workflow.run.volumes import Entry, Target, in_order, is_a_folder, leads_out

_READY_WITHIN, _ENDS_AFTER = 120, 600


def every(*, namespace: str) -> list[str]:
    """The claims of the namespace."""
    with connected(namespace) as cluster:
        return [claim.metadata.name for claim in _claims(cluster)]


def ls(target: Target, *, namespace: str, image: str) -> list[Entry]:
    """A folder's entries, folders first; a file is its own entry. Of a run alone: its volumes."""
    with connected(namespace) as cluster:
        volumes = _volumes(cluster, target.name)
        if volumes is not None and not target.path:
            return [Entry(name, None) for name in volumes]
        with _looked(cluster, target, volumes, "ls", image) as (told, _):
            if "file" in told:
                return [Entry(told["file"], told["size"])]
            return in_order(Entry(name, size) for name, size in told["entries"])


def cat(target: Target, *, namespace: str, image: str) -> Iterator[bytes]:
    """A file, piece by piece."""
    with connected(namespace) as cluster:
        volumes = _volumes(cluster, target.name)
        if volumes is not None and not target.path:
            raise is_a_folder(target, on="--on argo")
        with _looked(cluster, target, volumes, "cat", image) as (told, lines):
            if "file" not in told:
                raise is_a_folder(target, on="--on argo")
            yield from (base64.b64decode(line) for line in lines)


@contextmanager
def _looked(
    cluster: Cluster, target: Target, volumes: dict[str, str] | None, what: str, image: str
) -> Iterator[tuple[dict[str, Any], Iterator[str]]]:
    """What the pod says of the target, and the lines that follow."""
    volume, _, below = target.path.partition("/")
    if volumes is None:
        claim, below = target.name, target.path
    elif volume in volumes:
        claim = volumes[volume]
    else:
        raise ArgolaneError(unknown("volume", volume, volumes, where=f"{target.name}: "))
    with _pod(cluster, claim, image) as pod:
        lines = _said(
            cluster, pod, ["python3", "-c", Path(look.__file__).read_text(encoding="utf-8"), below, what]
        )
        first = next(lines, "")
        if not first.startswith("{"):
            raise ArgolaneError(f"{target}: {' '.join([first, *lines]).strip() or 'the pod said nothing'}")
        told = json.loads(first)
        if "outside" in told:
            raise leads_out(target)
        if "missing" in told:
            where = f"{claim}:{told['above'].removeprefix('.')}: "
            raise ArgolaneError(unknown("file or folder", told["missing"], told["known"], where=where))
        yield told, lines


def _said(cluster: Cluster, pod: str, command: list[str]) -> Iterator[str]:
    """The lines of a command in the pod; what it says on stderr follows at the end."""
    answer = stream(
        cluster.core.connect_get_namespaced_pod_exec,
        pod,
        cluster.namespace,
        command=command,
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    rest = ""
    try:
        while answer.is_open():
            answer.update(timeout=30)
            *lines, rest = (rest + answer.read_stdout(timeout=0)).split("\n")
            yield from lines
        *lines, rest = (rest + answer.read_stdout(timeout=0) + answer.read_stderr(timeout=0)).split("\n")
        yield from lines
        if rest:
            yield rest
    finally:
        answer.close()


@contextmanager
def _pod(cluster: Cluster, claim: str, image: str) -> Iterator[str]:
    """A running pod with the claim at /volume."""
    known = [found.metadata.name for found in _claims(cluster)]
    if claim not in known:
        raise ArgolaneError(unknown("run or claim", claim, known, where=f"Namespace {cluster.namespace!r}: "))
    name = cluster.core.create_namespaced_pod(cluster.namespace, _manifest(claim, image)).metadata.name
    try:
        _await(cluster, name, image)
        yield name
    finally:
        cluster.core.delete_namespaced_pod(name, cluster.namespace, grace_period_seconds=0)


def _manifest(claim: str, image: str) -> dict[str, Any]:
    container = {
        "name": "look",
        "image": image,
        "command": ["python3", "-c", f"import time; time.sleep({_ENDS_AFTER})"],
        "volumeMounts": [{"name": "claim", "mountPath": "/volume", "readOnly": True}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "argolane-volume-", "labels": {"app.kubernetes.io/part-of": "argolane"}},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": _ENDS_AFTER,
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 8888,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [{"name": "claim", "persistentVolumeClaim": {"claimName": claim, "readOnly": True}}],
        },
    }


def _await(cluster: Cluster, name: str, image: str) -> None:
    end = time.monotonic() + _READY_WITHIN
    why = "it is not scheduled"
    while time.monotonic() < end:
        status = cluster.core.read_namespaced_pod(name, cluster.namespace).status
        states = status.container_statuses or []
        if any(state.ready for state in states):
            return
        waiting = [state.state.waiting for state in states if state.state.waiting]
        conditions = [c for c in status.conditions or [] if c.status == "False" and c.message]
        if waiting and waiting[0].reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName"):
            raise ArgolaneError(f"{image}: {waiting[0].reason}. Name one that the cluster has with --image.")
        why = conditions[0].message if conditions else waiting[0].reason if waiting else why
        time.sleep(0.3)
    raise ArgolaneError(f"The pod that looks into the volume is not ready after {_READY_WITHIN} s: {why}.")


def _volumes(cluster: Cluster, name: str) -> dict[str, str] | None:
    """The claims that a run has for itself by the names of its volumes; None when `name` is no run's."""
    if name in (claim.metadata.name for claim in _claims(cluster)):
        return None
    run = find(cluster, name)
    claims = (run.get("status") or {}).get("persistentVolumeClaims") or []
    if not claims:
        title = run["metadata"]["name"]
        raise ArgolaneError(
            f"Run {title!r} has no claim of its own; those of a run that Succeeded are deleted with its end."
        )
    return {claim["name"]: claim["persistentVolumeClaim"]["claimName"] for claim in claims}


def _claims(cluster: Cluster) -> list[Any]:
    return list(cluster.core.list_namespaced_persistent_volume_claim(cluster.namespace).items)
