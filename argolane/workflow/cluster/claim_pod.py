"""A claim in, a pod of seconds that has it at /volume out, and what a command in there says.

It is deleted at the end whatever happens.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubernetes.stream import stream

from argolane.errors import ArgolaneError, unknown
from argolane.workflow.cluster.api import Cluster

MOUNT = "/volume"
_READY_WITHIN, _ENDS_AFTER = 120, 600
READER, WRITER = 8888, 1000  # users: any may read; what workflows have written belongs to theirs


def claims(cluster: Cluster) -> list[Any]:
    """Those of the namespace."""
    return list(cluster.core.list_namespaced_persistent_volume_claim(cluster.namespace).items)


def said(cluster: Cluster, pod: str, command: list[str], given: str = "") -> Iterator[str]:
    """The lines of a command in the pod, which reads `given`; what it says on stderr follows at the end."""
    answer = stream(
        cluster.core.connect_get_namespaced_pod_exec,
        pod,
        cluster.namespace,
        command=command,
        stdin=bool(given),
        stdout=True,
        stderr=True,
        _preload_content=False,
    )
    rest = ""
    try:
        if given:
            answer.write_stdin(given)
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
def pod_of(cluster: Cluster, claim: str, image: str, *, writes: bool = False) -> Iterator[str]:
    """A running pod with the claim at /volume; one that `writes` does it as the pods of workflows."""
    known = [found.metadata.name for found in claims(cluster)]
    if claim not in known:
        raise ArgolaneError(unknown("run or claim", claim, known, where=f"Namespace {cluster.namespace!r}: "))
    name = cluster.core.create_namespaced_pod(
        cluster.namespace, _manifest(claim, image, writes=writes)
    ).metadata.name
    try:
        _await(cluster, name, image)
        yield name
    finally:
        cluster.core.delete_namespaced_pod(name, cluster.namespace, grace_period_seconds=0)


def _manifest(claim: str, image: str, *, writes: bool) -> dict[str, Any]:
    user = {"runAsUser": WRITER, "runAsGroup": WRITER, "fsGroup": WRITER} if writes else {"runAsUser": READER}
    container = {
        "name": "look",
        "image": image,
        "command": ["python3", "-c", f"import time; time.sleep({_ENDS_AFTER})"],
        "volumeMounts": [{"name": "claim", "mountPath": MOUNT, "readOnly": not writes}],
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
                **user,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [
                {"name": "claim", "persistentVolumeClaim": {"claimName": claim, "readOnly": not writes}}
            ],
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
